package devices

import (
	"context"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// targets are the accounts that a request registers into, as far as the caller
// may do so.
//
// A reseller registers into any standard account and its own, a standard account
// into itself alone, the operator everywhere. Of an account whose devices the
// caller does not see the answers tell nothing, see hidden.
type targets struct {
	acted    uuid.UUID // account acted for
	own      uuid.UUID // the caller's; uuid.Nil: the operator
	reseller bool      // the caller's account is one
	owners   map[uuid.UUID]device.Owner
	sees     func(account uuid.UUID) bool
	// known are the devices of the rows into accounts that the caller does not
	// see, as they were before the first decision.
	known map[uuid.UUID]eventlog.Loaded[device.State]
}

// targets reads the accounts that rows name, and what is registered already of
// what goes into accounts that the caller does not see.
func (s *Service) targets(ctx context.Context, req *access.Request, rows []Registration) (targets, error) {
	t := targets{acted: req.Caller.Account(), own: req.Caller.Own(), known: map[uuid.UUID]eventlog.Loaded[device.State]{}}
	var uids []uuid.UUID
	named := map[uuid.UUID]bool{uuid.Nil: true}
	add := func(uid uuid.UUID) {
		if !named[uid] {
			named[uid] = true
			uids = append(uids, uid)
		}
	}
	add(t.own)
	for _, row := range rows {
		add(row.target(t.acted))
	}
	var err error
	if t.owners, err = req.Owners(ctx, uids); err != nil {
		return t, err
	}
	t.reseller = t.owners[t.own].Type == account.Reseller
	if t.sees, err = req.Sees(ctx, uids); err != nil {
		return t, err
	}
	return t, s.loadHidden(ctx, t, rows)
}

// loadHidden reads the devices of rows into accounts that the caller does not see.
func (s *Service) loadHidden(ctx context.Context, t targets, rows []Registration) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(command.Workers)
	for _, row := range rows {
		serial, problems := device.NormaliseSerial(row.SerialNumber)
		if len(problems) > 0 || !t.hidden(row.target(t.acted)) {
			continue
		}
		g.Go(func() error {
			l, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, device.UID(serial))
			mu.Lock()
			defer mu.Unlock()
			t.known[l.UID] = l
			return err
		})
	}
	return g.Wait()
}

// hidden reports whether the caller does not see the devices of an account. Then
// a name that is taken there is silently replaced, and a device that is there
// already is registered elsewhere, unless the caller's account registered it.
func (t targets) hidden(uid uuid.UUID) bool { return uid != t.own && !t.sees(uid) }

// problems are what stands against registering into an account at all. Those of
// a standard account tell no other from one that does not exist, but for
// resellers, whom nobody else registers for.
func (t targets) problems(uid uuid.UUID) []domain.Problem {
	target := t.owners[uid]
	switch {
	case target.Status == "":
		return []domain.Problem{device.TargetUnknown()}
	case t.own == uuid.Nil, uid == t.acted, uid == t.own:
		return nil
	case target.Reseller():
		return []domain.Problem{device.TargetIsReseller()}
	case !t.reseller:
		return []domain.Problem{device.TargetUnknown()}
	}
	return nil
}

// subject is the device of a row, as it was loaded if it was.
func (t targets) subject(uid uuid.UUID) command.Subject[device.State] {
	if l, ok := t.known[uid]; ok {
		return command.Loaded(device.Aggregate, l)
	}
	return command.On(device.Aggregate, uid)
}

// registered reports whether the caller's account brought the device to where it
// is.
func (t targets) registered(uid uuid.UUID) bool {
	var by uuid.UUID
	for _, e := range t.known[uid].Events {
		switch e.Event.(type) {
		case device.Registered, device.Transferred, device.TransferReversed:
			by = e.Metadata.Actor.Account
		}
	}
	return by != uuid.Nil && by == t.own
}

// unseen is a registration into an account that the caller does not see.
type unseen struct {
	device.Register
	registered bool // by the caller's account
	names      int  // how many were tried
}

// decide tells nothing of what the account has already.
func (u *unseen) decide(s device.State) ([]domain.Event, error) {
	if s.Exists() && !u.registered && !s.TakenOverBy(u.Owner.UID) {
		return nil, domain.Refuse(device.RegisteredElsewhere())
	}
	return device.DecideRegister(s, u.Register)
}

// otherNames are how many names are tried after the one that was asked for.
const otherNames = 9

// again takes another name where the last one is taken: the serial number, or,
// should a device be called like that, one that begins with it.
func (u *unseen) again(refused []domain.Problem) bool {
	if !taken(refused) || u.names == otherNames {
		return false
	}
	u.Name = u.SerialNumber
	if u.names > 0 {
		u.Name += " " + string(rune('1'+u.names))
	}
	u.names++
	return true
}

func taken(problems []domain.Problem) bool {
	for _, p := range problems {
		if p.Code == device.CodeNameTaken {
			return true
		}
	}
	return false
}

// told are the problems of a row into an account that the caller does not see,
// without what they tell of it. A name that was taken at the last moment is
// replaced when the registration is asked for again.
func told(problems []domain.Problem) []domain.Problem {
	shown := make([]domain.Problem, 0, len(problems))
	for _, p := range problems {
		switch p.Code {
		case device.CodeNameTaken:
			p = device.Busy()
		case device.CodeOfferNotAvailable:
			p.Facts = map[string]string{"offer": p.Facts["offer"], "modelOffers": p.Facts["modelOffers"]}
		}
		shown = append(shown, p)
	}
	return shown
}
