package notices

import (
	"context"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// round is a round being carried out.
type round struct {
	*Service
	notice.Round
	reseller account.State
	partners []query.PartnershipRow // its customers on the 1st
	at       eventlog.Position      // how fresh the read models are to be
}

// instant is the one that the notices are as of.
func (r *round) instant() time.Time { return notice.Due(r.On, r.options.Hours) }

// SendDue sends the notices of a reseller that are due at an instant: those of the
// last 1st; months before, as after a long downtime, are passed over. The read
// models are at p at least. It gives the position of the last event it knows of.
func (s *Service) SendDue(ctx context.Context, reseller uuid.UUID, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	r := &round{Service: s, at: p}
	if err := r.begin(ctx, reseller, notice.Latest(at, s.options.Hours)); err != nil || r.Closed {
		return r.at, err
	}
	found, err := r.customers(ctx)
	if err != nil {
		return r.at, err
	}
	handed, err := r.handedOver(ctx)
	if err != nil {
		return r.at, err
	}
	var nothing []uuid.UUID
	g, working := errgroup.WithContext(ctx)
	g.SetLimit(command.Workers)
	for _, c := range found {
		uid := notice.UID(reseller, c.uid, r.On)
		switch {
		case handed[uid]:
		case len(c.lines) == 0:
			nothing = append(nothing, c.uid)
		default:
			g.Go(func() error { return r.send(working, uid, c) })
		}
	}
	if err := g.Wait(); err != nil {
		return r.at, err
	}
	if err := r.digests(ctx, found); err != nil {
		return r.at, err
	}
	closed, err := command.Execute(ctx, r.env(r.UID, "close"), command.On(notice.RoundAggregate, r.UID),
		func(state notice.Round) ([]domain.Event, error) { return notice.DecideClose(state, nothing) })
	return closed.Position, err
}

// env begins a step that follows from what it is about.
func (s *Service) env(about uuid.UUID, step string) command.Env {
	return s.executor.Begin(command.System(Part), command.Command{ID: uuid.NewSHA1(about, []byte(step))})
}

// news begins a step that may come again with something else to record.
func (s *Service) news() command.Env {
	return s.executor.Begin(command.System(Part), command.Command{})
}

// begin begins the round, or goes on with it: who gets the notices is decided once.
func (r *round) begin(ctx context.Context, reseller uuid.UUID, on calendar.Date) error {
	uid := notice.RoundUID(reseller, on)
	l, err := eventlog.Load(ctx, r.executor.Log, notice.RoundAggregate, uid)
	if err != nil {
		return err
	}
	r.Round = l.State
	if r.Closed {
		r.at = l.Position
		return nil
	}
	r.On = on
	owner, err := eventlog.Load(ctx, r.executor.Log, account.Aggregate, reseller)
	if err != nil {
		return err
	}
	r.reseller = owner.State
	partners, err := r.reader.Partnerships(ctx, query.Freshness{MinPosition: r.at, AsOf: r.instant()}, reseller)
	if err != nil {
		return err
	}
	for _, p := range partners.Items {
		if p.Reseller == reseller && (p.Until.IsZero() || p.Until.After(r.instant())) {
			r.partners = append(r.partners, p)
		}
	}
	if r.Exists() {
		return nil
	}
	people, err := r.people(ctx)
	if err != nil {
		return err
	}
	begun, err := command.Execute(ctx, r.env(uid, "begin"), command.Loaded(notice.RoundAggregate, l), func(state notice.Round) ([]domain.Event, error) {
		return notice.DecideBegin(state, notice.Begin{Round: uid, Reseller: reseller, On: on, People: people})
	})
	r.Round = begun.Now
	return err
}

// people are those who get the notices, in the order in which they count.
func (r *round) people(ctx context.Context) ([]notice.Named, error) {
	owners := []uuid.UUID{r.reseller.UID}
	for _, p := range r.partners {
		owners = append(owners, p.Customer)
	}
	choices, err := r.reader.NoticeChoices(ctx, r.at, owners)
	if err != nil {
		return nil, err
	}
	chosen := map[uuid.UUID]notice.Choice{}
	for _, c := range choices { // of those few, what holds now
		l, err := eventlog.Load(ctx, r.executor.Log, notice.ChoiceAggregate, c.User)
		if err != nil {
			return nil, err
		}
		chosen[c.User] = l.State
	}
	var people []notice.Named
	for _, p := range r.reseller.Administrators {
		people = append(people, notice.Named{Person: p, Role: notice.Administrator, Digest: chosen[p.ID].Or(account.Reseller) == notice.Digest})
	}
	for _, p := range r.reseller.ChannelContacts {
		people = append(people, notice.Named{Person: p, Role: notice.ChannelContact})
	}
	for _, c := range choices {
		if c.Account == r.reseller.UID || chosen[c.User].Delivery == notice.None {
			continue
		}
		l, err := eventlog.Load(ctx, r.executor.Log, account.Aggregate, c.Account)
		if err != nil {
			return nil, err
		}
		for _, p := range l.State.Administrators {
			if p.ID == c.User {
				people = append(people, notice.Named{Person: p, Role: notice.CustomerAdministrator, Customer: c.Account})
			}
		}
	}
	return people, nil
}

// handedOver are the notices of which nothing is left to be handed over, as far as
// the read model knows; the others are looked at again.
func (r *round) handedOver(ctx context.Context) (map[uuid.UUID]bool, error) {
	handed := map[uuid.UUID]bool{}
	q := query.NoticeQuery{
		Freshness: query.Freshness{MinPosition: r.at}, Page: query.Page{Limit: pageOfDevices},
		Resellers: []uuid.UUID{r.reseller.UID}, Months: []string{notice.Month(r.On)},
	}
	for {
		page, err := r.reader.Notices(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, n := range page.Items {
			handed[n.UID] = n.Queued
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return handed, nil
		}
	}
}
