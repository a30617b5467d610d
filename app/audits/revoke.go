package audits

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Former is the auditor of an active grant whose token was made with a former secret
// and so is of no use; false: it was not, or the grant has ended.
func (s *Service) Former(ctx context.Context, uid uuid.UUID) (account.Person, bool, error) {
	l, err := s.load(ctx, uid)
	former := err == nil && l.State.StatusAt(s.executor.Clock.Now()) == audit.Active && !access.Fits(l.State.TokenHash, s.tokens.AuditGrant(uid))
	return l.State.Auditor, former, err
}

// EndFormer revokes such a grant.
func (s *Service) EndFormer(ctx context.Context, env command.Env, uid uuid.UUID) error {
	_, err := command.Execute(ctx, env, command.On(audit.Aggregate, uid), audit.DecideRevoke)
	return err
}

// Revoke ends a grant at once, at the given revision unless that is nil. It is the
// operator's; query.ErrNotFound when there is no such grant.
func (s *Service) Revoke(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command, ifRevision *eventlog.Revision) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AuditsGrant); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	l, err := s.load(ctx, uid)
	if err != nil || !l.Exists() {
		return command.Receipt{}, access.OrNotFound(err)
	}
	env := s.executor.Begin(caller.Actor, c)
	return command.Receive(command.Execute(ctx, env, command.Loaded(audit.Aggregate, l).If(ifRevision), audit.DecideRevoke))
}
