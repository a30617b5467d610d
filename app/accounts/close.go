package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Close ends an account, at the given revision unless that is nil. Confirm closes
// one that has active devices.
type Close struct {
	command.Command
	Account    uuid.UUID
	IfRevision *eventlog.Revision
	Confirm    bool
}

// Close ends an account. It is the operator's. What is open there then stops by
// itself (package reactions). Without Confirm an account that has
// active devices is refused, with what it holds (account.CodeConfirmRequired).
func (s *Service) Close(ctx context.Context, caller access.Caller, c Close) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	end, err := s.closing(ctx, c)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown().If(c.IfRevision), existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideClose(state, end)
	})))
}

// WithdrawPending closes an account that nobody has activated yet, with the rights
// of ResendInvitation. Its name and its administrator's address are free then.
func (s *Service) WithdrawPending(ctx context.Context, caller access.Caller, c Close) (command.Receipt, error) {
	l, err := s.unfinished(ctx, caller, c.Account, c.Command)
	if err != nil {
		return command.Receipt{}, err
	}
	end, err := s.closing(ctx, c)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	return command.Receive(command.Execute(ctx, env, command.Loaded(account.Aggregate, l).Shown().If(c.IfRevision), func(state account.State) ([]domain.Event, error) {
		return account.DecideWithdrawPending(state, end)
	}))
}

// closing is what the decision to close an account needs to know. What the account
// holds matters only to a caller who has not confirmed.
func (s *Service) closing(ctx context.Context, c Close) (account.Close, error) {
	end := account.Close{Reason: c.Reason, Confirm: c.Confirm}
	if c.Confirm {
		return end, nil
	}
	var err error
	end.Holds, err = s.holdings(ctx, c.Account)
	return end, err
}

// Holdings tells what an account has, and what stops when it is closed. It is the
// operator's.
func (s *Service) Holdings(ctx context.Context, caller access.Caller, uid uuid.UUID) (account.Holdings, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return account.Holdings{}, err
	}
	return s.holdings(ctx, uid)
}

// holdings counts what an account has at this moment.
func (s *Service) holdings(ctx context.Context, uid uuid.UUID) (account.Holdings, error) {
	var h account.Holdings
	latest, err := query.Latest(ctx, s.executor.Log, s.reader)
	if err != nil {
		return h, err
	}
	fresh, one, of := query.Freshness{MinPosition: latest}, query.Page{Limit: 1}, []uuid.UUID{uid}
	devices := func(in ...device.LifeCycle) (int, error) {
		found, err := s.reader.Devices(ctx, query.DeviceQuery{Freshness: fresh, Page: one, Accounts: of, LifeCycles: in})
		return found.Total, err
	}
	all, err := devices()
	if err != nil {
		return h, err
	}
	retired, err := devices(device.OutOfService)
	if err != nil {
		return h, err
	}
	if h.ActiveDevices, err = devices(device.Active); err != nil {
		return h, err
	}
	h.Devices = all - retired
	users, err := s.reader.Users(ctx, query.UserQuery{Freshness: fresh, Page: one, Account: uid, Statuses: []user.Status{user.Active}, Now: s.executor.Clock.Now()})
	if err != nil {
		return h, err
	}
	partners, err := s.access.Partners(ctx, fresh, uid)
	if err != nil {
		return h, err
	}
	h.Users, h.Partnerships = users.Total, len(partners.Items)
	return h, s.addOpen(ctx, &h, fresh, uid)
}

// addOpen counts what waits.
func (s *Service) addOpen(ctx context.Context, h *account.Holdings, fresh query.Freshness, uid uuid.UUID) error {
	orders, err := s.reader.Renewals(ctx, query.RenewalQuery{Freshness: fresh, Page: query.Page{Limit: 1}, Of: []uuid.UUID{uid}, Statuses: []order.Status{order.Ordered}})
	if err != nil {
		return err
	}
	h.Orders = orders.Total
	if h.Operations, err = s.operations.OpenOperations(ctx, uid); err != nil {
		return err
	}
	h.Releases, err = s.openReleases(ctx, fresh, uid)
	return err
}

// openReleases counts the requests without an answer that an account holds or has asked.
func (s *Service) openReleases(ctx context.Context, fresh query.Freshness, uid uuid.UUID) (int, error) {
	of := []uuid.UUID{uid}
	held, err := s.reader.Releases(ctx, query.ReleaseQuery{
		Freshness: fresh, Page: query.Page{Limit: 1}, Holders: of, Askers: of, Statuses: []release.Answer{release.Open},
	})
	return held.Total, err
}
