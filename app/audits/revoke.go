package audits

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
)

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
