package audits

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Grant lets an auditor read everything of some accounts until an instant.
type Grant struct {
	command.Command
	Auditor   account.Contact
	Accounts  []uuid.UUID
	ExpiresAt time.Time
}

// Granted answers Grant. The token is shown only here; a dry run makes none.
type Granted struct {
	query.AuditGrantRow
	Token    string
	Position eventlog.Position
}

// Grant gives a grant. It is the operator's, in a session one that began lately
// (access.ErrFreshSignInRequired). The token follows from the command,
// so that a repeat gives it again; only its hash is in the log.
func (s *Service) Grant(ctx context.Context, caller access.Caller, c Grant) (Granted, error) {
	if err := access.OperatorOnly(caller, rights.AuditsGrant); err != nil {
		return Granted{}, err
	}
	if err := s.access.Fresh(caller); err != nil {
		return Granted{}, err
	}
	if err := c.Check(); err != nil {
		return Granted{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	grant, invalid, err := s.read(ctx, env, s.access.Request(caller), c)
	if err != nil {
		return Granted{}, err
	}
	r, err := command.Execute(ctx, env, command.On(audit.Aggregate, grant.UID), func(state audit.State) ([]domain.Event, error) {
		return decideGrant(state, grant, invalid)
	})
	if err != nil {
		return Granted{}, err
	}
	if !isGrant(r.State, grant) {
		return Granted{}, domain.Refuse(keyReused())
	}
	if c.DryRun {
		row := query.AuditGrantRow{Revision: r.Revision}
		for _, e := range env.Events(audit.Aggregate.Stream(grant.UID), r.Events) {
			row.AuditGrant = query.EvolveAuditGrant(row.AuditGrant, eventlog.Recorded{ID: e.ID, Event: e.Event, Metadata: e.Metadata})
		}
		row.Status = row.StatusAt(env.At)
		return Granted{AuditGrantRow: row}, nil
	}
	row, _, err := s.row(ctx, grant.UID, r.Revision)
	return Granted{AuditGrantRow: row, Token: s.tokens.AuditGrant(grant.UID), Position: r.Position}, err
}

// read checks the input. The problems are all that it finds, to be told together
// with those of the decision.
func (s *Service) read(ctx context.Context, env command.Env, req *access.Request, c Grant) (audit.Grant, []domain.Problem, error) {
	uid := env.Derive("audit grant")
	g := audit.Grant{
		UID: uid, Expires: c.ExpiresAt.UTC().Truncate(time.Microsecond), TokenHash: access.Hash(s.tokens.AuditGrant(uid)),
		Now: env.At, Longest: s.life,
	}
	var problems, found []domain.Problem
	g.Auditor, problems = c.Auditor.Person(uid, "/auditor")
	g.Accounts, found = audit.NormaliseAccounts(c.Accounts)
	if problems = append(problems, domain.At("/accounts", found)...); len(found) > 0 {
		return g, problems, nil
	}
	known, err := req.Accounts(ctx, g.Accounts)
	if err != nil {
		return g, nil, err
	}
	for i, uid := range c.Accounts {
		if !known[uid].Exists() {
			problems = append(problems, accountUnknown(i))
		}
	}
	return g, problems, nil
}

// decideGrant decides on a grant whose input may be invalid. That no longer
// matters where the grant was given before.
func decideGrant(state audit.State, g audit.Grant, invalid []domain.Problem) ([]domain.Event, error) {
	events, err := audit.DecideGrant(state, g)
	if state.UID != uuid.Nil {
		return events, err
	}
	return events, domain.Refuse(slices.Concat(invalid, domain.At("/expiresAt", domain.ProblemsOf(err)))...)
}

// isGrant reports whether the existing grant is the one asked for, whatever
// became of it since.
func isGrant(state audit.State, g audit.Grant) bool {
	return (state.Erased || state.Auditor == g.Auditor) && slices.Equal(state.Accounts, g.Accounts) && state.Expires.Equal(g.Expires)
}
