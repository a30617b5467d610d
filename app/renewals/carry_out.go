package renewals

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
)

// carried is what became of the approved devices of an order.
type carried struct {
	results  map[uuid.UUID]command.Result[device.State]
	position eventlog.Position
}

func (c carried) refused() bool {
	for _, r := range c.results {
		if len(r.Problems) > 0 {
			return true
		}
	}
	return false
}

// carryOut renews approved devices of an order and records what became of them,
// in the order and in the state given. It may be done again, by anybody. A device
// that is busy stays approved, for the reactions to finish, unless the request is
// all or nothing.
func (s *Service) carryOut(ctx context.Context, env command.Env, o *order.State, devices []uuid.UUID, atomic bool) (carried, error) {
	done := carried{results: map[uuid.UUID]command.Result[device.State]{}}
	if len(devices) == 0 {
		return done, nil
	}
	bulk, err := s.renewing(ctx, *o, devices, atomic)
	if err != nil {
		return done, err
	}
	results, err := bulk.Results(ctx, env)
	if err != nil {
		return done, err
	}
	var renewed []order.Renewed
	var refused []order.Refusal
	for i, r := range results {
		done.results[devices[i]] = r
		done.position = latest(done.position, r.Position)
		switch {
		case len(r.Problems) == 0:
			renewed = append(renewed, order.Renewed{Device: r.UID})
			last := &renewed[len(renewed)-1]
			if last.OldEnd, last.NewEnd, err = s.ends(ctx, o.UID, r); err != nil {
				return done, err
			}
		case atomic || !isBusy(r.Problems):
			refused = append(refused, order.Refusal{Device: devices[i], Problems: r.Problems})
		}
	}
	recorded, err := command.Execute(ctx, env.Step("recorded "+uuid.NewString()), command.On(order.Aggregate, o.UID),
		func(s order.State) ([]domain.Event, error) { return order.DecideRecord(s, renewed, refused) })
	if err != nil {
		return done, err
	}
	*o, done.position = recorded.Now, latest(done.position, recorded.Position)
	return done, nil
}

// renewing is the renewal of approved devices.
func (s *Service) renewing(ctx context.Context, o order.State, devices []uuid.UUID, atomic bool) (command.Bulk, error) {
	accounts := make([]uuid.UUID, len(o.Devices))
	for i, d := range o.Devices {
		accounts[i] = d.Account
	}
	on, err := s.offering(ctx, s.access.Request(access.Caller{}), o.Offer, accounts)
	if err != nil {
		return command.Bulk{}, err
	}
	renew := func(d device.State) ([]domain.Event, error) {
		c, _ := on.renew(d, device.Renew{Rules: s.rules}) // one that has moved is the order's to refuse
		return order.DecideRenew(o, d, c)
	}
	bulk := command.Bulk{Items: make([]command.Item, len(devices)), Success: domain.OutcomeRenewed, Atomic: atomic}
	for i, uid := range devices {
		bulk.Items[i] = command.Item{
			Name: uid.String(), Device: command.On(device.Aggregate, uid),
			Decide: renew,
		}
	}
	return bulk, nil
}

// ends are those before and after the renewal of a device, from its stream when
// another attempt has renewed it.
func (s *Service) ends(ctx context.Context, renewal uuid.UUID, r command.Result[device.State]) (from, to calendar.Date, err error) {
	for _, e := range r.Events {
		if renewed, ok := e.(device.ServiceRenewed); ok {
			return renewed.OldEnd, renewed.NewEnd, nil
		}
	}
	for e, err := range s.executor.Log.ReadStream(ctx, device.Aggregate.Stream(r.UID), 0) {
		if err != nil {
			return 0, 0, err
		}
		if renewed, ok := e.Event.(device.ServiceRenewed); ok && renewed.Renewal == renewal {
			return renewed.OldEnd, renewed.NewEnd, nil
		}
	}
	end := r.State.Allocation().Until // it ended on the day already
	return end, end, nil
}

// FinishOrder renews what is approved in an order and was not recorded, as a
// command that died has left it. eventlog.ErrConflict: something is busy.
func (s *Service) FinishOrder(ctx context.Context, env command.Env, uid uuid.UUID) error {
	l, err := eventlog.Load(ctx, s.executor.Log, order.Aggregate, uid)
	if err != nil {
		return err
	}
	if _, err := s.carryOut(ctx, env, &l.State, l.State.Approved(), false); err != nil {
		return err
	}
	if len(l.State.Approved()) > 0 {
		return eventlog.ErrConflict
	}
	return nil
}

// RecordReversal records in an order which of its devices a reversal has taken
// back, if it is one: renewals of before have no order.
func (s *Service) RecordReversal(ctx context.Context, env command.Env, renewal, reversal uuid.UUID, devices []uuid.UUID, reason string) (command.Receipt, error) {
	return command.Receive(command.Execute(ctx, env.Step("reversed "+uuid.NewString()), command.On(order.Aggregate, renewal),
		func(s order.State) ([]domain.Event, error) {
			if !s.Exists() {
				return nil, nil
			}
			return order.DecideRecordReversal(s, reversal, devices, reason)
		}))
}
