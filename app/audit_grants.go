package app

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// DefaultAuditLife is how long an audit grant lasts at most.
const DefaultAuditLife = 366 * 24 * time.Hour

// GrantAudit lets an auditor read everything of some accounts until an instant.
type GrantAudit struct {
	Command
	Auditor   Contact
	Accounts  []uuid.UUID
	ExpiresAt time.Time
}

// GrantedAudit answers GrantAudit. The token is shown only here.
type GrantedAudit struct {
	query.AuditGrantRow
	Token    string
	Position eventlog.Position
}

// auditToken is the secret of a grant. Like those of invitations it follows from
// the grant and the secret, so that a repeated command gives it again, and only
// its hash is in the log.
func (a *App) auditToken(uid uuid.UUID) string {
	return access.AuditPrefix + a.derivedToken("audit grant", uid, 1)
}

// GrantAudit gives a grant. It is the operator's.
func (a *App) GrantAudit(ctx context.Context, caller access.Caller, c GrantAudit) (GrantedAudit, error) {
	if err := operatorOnly(caller, rights.AuditsGrant); err != nil {
		return GrantedAudit{}, err
	}
	if err := c.check(); err != nil {
		return GrantedAudit{}, err
	}
	w := a.write(caller, c.Command)
	grant, invalid, err := a.newAuditGrant(ctx, w, c)
	if err != nil {
		return GrantedAudit{}, err
	}
	r, err := carryOut(ctx, a, w, auditChange(grant.UID, func(s audit.State) ([]domain.Event, []domain.Problem) {
		events, problems := audit.DecideGrant(s, grant)
		if s.UID == uuid.Nil {
			problems = slices.Concat(invalid, at("/expiresAt", problems))
		}
		if len(problems) > 0 {
			return nil, problems
		}
		return events, nil
	}))
	if err = refusal(err, r.problems); err != nil {
		return GrantedAudit{}, err
	}
	if !isGrant(r.state, grant) {
		return GrantedAudit{}, domain.Refuse(domain.Problem{Code: CodeCommandReused, Detail: "The idempotency key was used for another grant."})
	}
	row, _, err := a.auditGrant(ctx, grant.UID)
	return GrantedAudit{AuditGrantRow: row, Token: a.auditToken(grant.UID), Position: r.position}, err
}

// newAuditGrant checks the input and gives all its problems at once, beside
// what the decision finds.
func (a *App) newAuditGrant(ctx context.Context, w write, c GrantAudit) (audit.Grant, []domain.Problem, error) {
	g := audit.Grant{
		UID: w.derive("audit grant"), Expires: c.ExpiresAt.UTC().Truncate(time.Microsecond), Now: w.at, Longest: a.auditLife,
	}
	g.TokenHash = hashToken(a.auditToken(g.UID))
	var problems, p []domain.Problem
	g.Auditor, problems = c.Auditor.person(g.UID, "/auditor")
	g.Accounts, p = audit.NormaliseAccounts(c.Accounts)
	if problems = append(problems, at("/accounts", p)...); len(p) > 0 {
		return g, problems, nil
	}
	found, err := a.owners(ctx, slices.Clone(g.Accounts))
	for i, uid := range c.Accounts {
		if err == nil && found[uid].Status == "" {
			problems = append(problems, domain.Problem{
				Code: CodeAccountUnknown, Pointer: fmt.Sprintf("/accounts/%d", i), Detail: "There is no account with this UID.",
			})
		}
	}
	return g, problems, err
}

// isGrant reports whether the grant that is there is the one asked for, whatever
// became of it since.
func isGrant(s audit.State, g audit.Grant) bool {
	return (s.Erased || s.Auditor == g.Auditor) && slices.Equal(s.Accounts, g.Accounts) && s.Expires.Equal(g.Expires)
}

func auditChange(uid uuid.UUID, decide func(audit.State) ([]domain.Event, []domain.Problem)) change[audit.State] {
	return change[audit.State]{stream: eventlog.AuditGrantStream(uid), holder: uid, evolve: audit.Evolve, decide: decide}
}

// AuditGrants lists grants. They are the operator's to see.
func (a *App) AuditGrants(ctx context.Context, caller access.Caller, q query.AuditGrantQuery) (query.List[query.AuditGrantRow], error) {
	if err := operatorOnly(caller, rights.AuditsGrant); err != nil {
		return query.List[query.AuditGrantRow]{}, err
	}
	q.Now = a.clock.Now()
	return a.reader.AuditGrants(ctx, q)
}

// AuditGrant is one grant, from the log.
func (a *App) AuditGrant(ctx context.Context, caller access.Caller, uid uuid.UUID) (query.AuditGrantRow, eventlog.Position, error) {
	if err := operatorOnly(caller, rights.AuditsGrant); err != nil {
		return query.AuditGrantRow{}, eventlog.Position{}, err
	}
	return a.auditGrant(ctx, uid)
}

func (a *App) auditGrant(ctx context.Context, uid uuid.UUID) (row query.AuditGrantRow, p eventlog.Position, err error) {
	for e, err := range a.log.ReadStream(ctx, eventlog.AuditGrantStream(uid), 0) {
		if err != nil {
			return row, p, fmt.Errorf("load audit grant %s: %w", uid, err)
		}
		row.AuditGrant, row.Revision, p = query.EvolveAuditGrant(row.AuditGrant, e), e.Revision, e.Position
	}
	if row.UID == uuid.Nil {
		return row, p, query.ErrNotFound
	}
	row.Status = row.StatusAt(a.clock.Now())
	return row, p, nil
}

// RevokeAudit ends a grant at once. It is the operator's.
func (a *App) RevokeAudit(ctx context.Context, caller access.Caller, uid uuid.UUID, c Command, ifRevision *eventlog.Revision) (Written, error) {
	if err := operatorOnly(caller, rights.AuditsGrant); err != nil {
		return Written{}, err
	}
	if err := c.check(); err != nil {
		return Written{}, err
	}
	return a.changeAudit(ctx, a.write(caller, c), uid, ifRevision, audit.DecideRevoke)
}

// changeAudit changes a grant that is there, else it is ErrNotFound.
func (a *App) changeAudit(ctx context.Context, w write, uid uuid.UUID, ifRevision *eventlog.Revision,
	decide func(audit.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	ch := auditChange(uid, decide)
	ch.ifRevision = ifRevision
	r, err := carryOut(ctx, a, w, ch)
	switch {
	case r.revision == eventlog.NoStream:
		return Written{}, query.ErrNotFound
	case err != nil:
		return Written{}, err
	}
	return r.written(uid)
}

// AuditCaller is the auditor with the token of a grant, ErrNotFound for one that
// was revoked or has expired. The grant is read from the log: what was revoked is
// gone at once.
func (a *App) AuditCaller(ctx context.Context, token string) (access.Caller, error) {
	secret, marked := strings.CutPrefix(token, access.AuditPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if !marked || err != nil || len(raw) != tokenLength {
		return access.Caller{}, query.ErrNotFound
	}
	uid := uuid.UUID(raw[:16])
	l, err := load(ctx, a.log, eventlog.AuditGrantStream(uid), audit.State{}, audit.Evolve)
	if err != nil {
		return access.Caller{}, err
	}
	fits := subtle.ConstantTimeCompare(l.state.TokenHash, hashToken(token)) == 1
	if !fits || l.state.StatusAt(a.clock.Now()) != audit.Active {
		return access.Caller{}, query.ErrNotFound
	}
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorAuditor, ID: uid.String()}, Audits: l.state.Accounts}, nil
}
