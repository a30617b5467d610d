package device_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// promise is what a plan for the transfer says on a day.
func promise(s device.State, c device.Transfer, day calendar.Date) device.Promise {
	c.Today = day
	events, err := device.DecideTransfer(s, c)
	p := device.Promise{Day: day, Problems: domain.ProblemsOf(err)}
	if err == nil {
		for _, e := range events {
			s = device.Evolve(s, e)
		}
		p.Resulting = new(s.Resulting(device.DefaultRules))
	}
	return p
}

func planned(from, to device.Owner, today calendar.Date, p device.Promise, set ...func(*device.Transfer)) decision {
	c := device.Transfer{ID: moved, From: from, To: to, By: operator, Partnered: true, Model: rv50, Today: today, Rules: device.DefaultRules}
	for _, f := range set {
		f(&c)
	}
	return func(s device.State) ([]domain.Event, error) { return device.DecidePlanned(s, c, p) }
}

func plan(s device.State, from, to device.Owner, day calendar.Date) device.Promise {
	return promise(s, device.Transfer{From: from, To: to, By: operator, Partnered: true, Model: rv50, Rules: device.DefaultRules}, day)
}

// Transfer 5: over midnight the dates are those of the day of the commit.
func TestPlanOverMidnight(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	day := day0 + 100
	p := plan(s.State, reseller, customer, day)
	same := s.When(planned(reseller, customer, day, p)).ThenDone()
	if same.State.Resulting(device.DefaultRules) != *p.Resulting {
		t.Errorf("%+v, promised %+v", same.State.Service, p.Resulting)
	}
	next := s.When(planned(reseller, customer, day+1, p)).ThenDone()
	if got := next.State.Service; got.Start != day+1 || got.End != same.State.Service.End+1 {
		t.Errorf("%+v", got)
	}
	next.When(planned(reseller, customer, day+1, p)).Then() // once more
}

// What the rules no longer allow on the new date has the code of the rule.
func TestPlanAfterTheLastDay(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	last := s.State.Included.Until
	s.When(planned(reseller, customer, last+1, plan(s.State, reseller, customer, last))).ThenRefused(device.CodeAllocationMissing)

	back := registered(t, customer).When(transfer(customer, reseller, day0)).ThenDone()
	p := plan(back.State, reseller, customer, last)
	back.When(planned(reseller, customer, last, p)).ThenDone()
	back.When(planned(reseller, customer, last+1, p)).ThenRefused(device.CodeAllocationExpired)
}

// Whatever else has changed is a change, on whichever day.
func TestChangedSincePlan(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	day := day0 + 100
	p := plan(s.State, reseller, customer, day)
	strangers := func(c *device.Transfer) { c.Partnered = false }
	remainder := func(c *device.Transfer) { c.Rules.IncludedTransfer = device.IncludedRemainder }
	for _, today := range []calendar.Date{day, day + 1} {
		changed := s.When(order(1, today, term("P5Y"))).ThenDone().When(planned(reseller, customer, today, p))
		changed.ThenRefused(device.CodeChangedSincePlan)
		if facts := changed.Problems()[0].Facts; facts["plannedServiceEnd"] == facts["serviceEnd"] || facts["serviceStart"] != today.String() {
			t.Errorf("%v", facts)
		}
		s.When(planned(reseller, customer, today, p, strangers)).ThenRefused(device.CodeChangedSincePlan, device.CodeNotPartnered)
		s.When(planned(reseller, customer, today, p, remainder)).ThenRefused(device.CodeChangedSincePlan)
		s.When(hold).ThenDone().When(planned(reseller, customer, today, p)).ThenRefused(device.CodeBusy) // that passes
		s.When(transfer(reseller, other, day)).ThenDone().When(planned(reseller, customer, today, p)).
			ThenRefused(device.CodeChangedSincePlan, device.CodeNotInSource)
	}
}

// A refusal that was promised stays one; where it no longer is, something has
// changed.
func TestPlannedRefusal(t *testing.T) {
	t.Parallel()
	s := registered(t, reseller)
	late := on(2029, 1, 1)
	p := plan(s.State, reseller, customer, late)
	s.When(planned(reseller, customer, late, p)).ThenRefused(device.CodeAllocationMissing)
	s.When(planned(reseller, customer, late+1, p)).ThenRefused(device.CodeAllocationMissing)
	s.When(grant(1, late, late+100)).ThenDone().When(planned(reseller, customer, late+1, p)).ThenRefused(device.CodeChangedSincePlan)
	s.When(planned(reseller, customer, late, p, func(c *device.Transfer) { c.Offer = catalogue.Basic })).
		ThenRefused(device.CodeChangedSincePlan, device.CodeAllocationMissing, device.CodeOfferTypeMismatch)
}

// What others hold is known after the decision.
func TestJudge(t *testing.T) {
	t.Parallel()
	taken, full := device.NameTaken("x"), device.LimitReached(20)
	changed := device.ChangedSincePlan(device.Resulting{}, device.Resulting{})
	batch := domain.Problem{Code: "batch_refused"}
	missing := domain.Problem{Code: device.CodeAllocationMissing}
	none := device.Promise{Resulting: &device.Resulting{}}
	refused := device.Promise{Problems: []domain.Problem{taken}}
	list := func(p ...domain.Problem) []domain.Problem { return p }
	for _, c := range []struct {
		name     string
		promised device.Promise
		found    []domain.Problem
		want     []domain.Problem
	}{
		{"as promised", none, nil, nil},
		{"a name was taken", none, list(taken), list(changed, taken)},
		{"a place was taken besides", refused, list(changed, taken, full), list(changed, taken, full)},
		{"refused as promised", refused, list(changed, taken), list(taken)},
		{"the name is free", refused, list(changed), list(changed)},
		{"another's fate", none, list(batch), list(batch)},
		{"held", none, list(device.Busy()), list(device.Busy())},
		{"the date", none, list(missing), list(missing)},
		{"the date, and a name", none, list(missing, taken), list(changed, missing, taken)},
	} {
		if diff := cmp.Diff(c.want, c.promised.Judge(c.found)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}
