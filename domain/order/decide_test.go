package order_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/order"
)

var (
	uid, partner, customer, other = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}
	today                         = calendar.On(2026, 11, 23)
	end                           = calendar.On(2026, 11, 30)
	one, two, three               = line(1), line(2), line(3)
	year                          = calendar.Term{Months: 12}
	ordered                       = order.RenewalOrdered{
		Order: uid, Account: partner, Devices: []order.Line{one, two, three}, Term: "P1Y", OrderNumber: "PO-1",
	}
)

type decision = domaintest.Decision[order.State]

func line(n int) order.Line {
	serial := fmt.Sprintf("LB%014d", n)
	return order.Line{Device: device.UID(serial), SerialNumber: serial, Account: customer, OldEnd: end, NewEnd: calendar.On(2027, 11, 30)}
}

func devices(lines ...order.Line) []uuid.UUID {
	var uids []uuid.UUID
	for _, l := range lines {
		uids = append(uids, l.Device)
	}
	return uids
}

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[order.State] {
	t.Helper()
	return domaintest.Given(t, order.Evolve, events...)
}

func ordering(change func(*order.Order)) decision {
	o := order.Order{UID: uid, Account: partner, Devices: []order.Line{one, two, three}, Term: year, OrderNumber: "PO-1"}
	if change != nil {
		change(&o)
	}
	return func(s order.State) ([]domain.Event, error) { return order.DecideOrder(s, o) }
}

func approve(lines ...order.Line) decision {
	return func(s order.State) ([]domain.Event, error) { return order.DecideApprove(s, devices(lines...), today) }
}

func decline(reason string, lines ...order.Line) decision {
	return func(s order.State) ([]domain.Event, error) {
		return order.DecideDecline(s, devices(lines...), reason)
	}
}

func withdraw(by uuid.UUID, lines ...order.Line) decision {
	return func(s order.State) ([]domain.Event, error) {
		return order.DecideWithdraw(s, devices(lines...), by, "sold")
	}
}

func record(renewed []order.Line, refused ...order.Refusal) decision {
	return func(s order.State) ([]domain.Event, error) {
		return order.DecideRecord(s, results(renewed...), refused)
	}
}

func results(lines ...order.Line) []order.Renewed {
	var all []order.Renewed
	for _, l := range lines {
		all = append(all, order.Renewed{Device: l.Device, OldEnd: l.OldEnd, NewEnd: l.NewEnd})
	}
	return all
}

func reversed(lines ...order.Line) decision {
	return func(s order.State) ([]domain.Event, error) {
		return order.DecideRecordReversal(s, uuid.UUID{9}, devices(lines...), "paid back")
	}
}

// Renewal 4: an order waits.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := given(t).When(ordering(nil)).Then(ordered)
	s.When(ordering(nil)).Then()
	if got := s.State.Status(); got != order.Ordered || s.State.Term != year {
		t.Errorf("%s %+v", got, s.State)
	}
	given(t).When(ordering(func(o *order.Order) { o.ApproveOn = today })).
		Then(ordered, order.RenewalOrderApproved{Order: uid, Devices: devices(one, two, three), On: today}).
		When(approve()).Then()
	given(t, order.RenewalOrderAbandoned{Order: uid}).When(ordering(nil)).ThenRefused(order.CodeAbandoned)
	given(t).When(ordering(func(o *order.Order) { o.Term = calendar.Term{} })).ThenRefused(device.CodeTermMissing)
	given(t).When(ordering(func(o *order.Order) { o.Term, o.Offer = calendar.Term{}, "premium" })).ThenDone()
	given(t).When(ordering(func(o *order.Order) { o.Until, o.Offer = end, "gold" })).
		ThenRefused(device.CodeTermAmbiguous, "offer_invalid")
	given(t).When(ordering(func(o *order.Order) {
		o.Term, o.Align = calendar.Term{}, device.Alignment{Kind: device.AlignLatest}
	})).ThenRefused(device.CodeNothingToAlign)
	given(t).When(ordering(func(o *order.Order) { o.Devices = nil })).ThenRefused(device.CodeSelectionEmpty)
	given(t).When(ordering(func(o *order.Order) { o.Devices = []order.Line{one, two, one} })).ThenRefused(order.CodeDuplicate)
	for n, want := range map[int]string{order.MaxDevices: "", order.MaxDevices + 1: order.CodeTooManyDevices} {
		many := make([]order.Line, n)
		for i := range many {
			many[i] = line(i)
		}
		asked := given(t).When(ordering(func(o *order.Order) { o.Devices = many }))
		if want == "" {
			asked.ThenDone()
		} else {
			asked.ThenRefused(want)
		}
	}
}

// What waits is declined, with a reason, or withdrawn by who ordered.
func TestDeclineAndWithdraw(t *testing.T) {
	t.Parallel()
	s := given(t, ordered)
	s.When(decline("", one)).ThenRefused(order.CodeReasonMissing)
	s.When(decline("not paid", line(7))).ThenRefused(order.CodeNotInOrder)
	given(t).When(decline("not paid")).ThenRefused(order.CodeNotFound)
	given(t).When(withdraw(partner)).ThenRefused(order.CodeNotFound)
	part := s.When(decline("not paid", one)).Then(order.RenewalOrderDeclined{Order: uid, Devices: devices(one), Reason: "not paid"})
	part.When(decline("not paid", one)).Then()
	part.When(decline("", one)).ThenRefused(order.CodeReasonMissing)
	part.When(withdraw(partner, one)).ThenRefused(order.CodeNotOpen)
	part.When(withdraw(customer)).ThenRefused(order.CodeNotYours)
	part.When(withdraw(uuid.Nil)).ThenRefused(order.CodeNotYours)
	rest := part.When(withdraw(partner)).Then(order.RenewalOrderWithdrawn{Order: uid, Devices: devices(two, three), Reason: "sold"})
	rest.When(withdraw(partner)).Then()
	rest.When(approve()).ThenRefused(order.CodeNotOpen)
	if got := part.State.Status(); got != order.Ordered {
		t.Errorf("with a device that waits: %s", got)
	}
	if got := rest.State.Status(); got != order.Declined {
		t.Errorf("declined and withdrawn: %s", got)
	}
}

// Applying: approved, renewed in the device, recorded.
func TestApply(t *testing.T) {
	t.Parallel()
	s := given(t, ordered).When(approve(one, two)).Then(order.RenewalOrderApproved{Order: uid, Devices: devices(one, two), On: today})
	s.When(approve(one, two)).Then()
	s.When(decline("late", one)).ThenRefused(order.CodeNotOpen)
	s.When(withdraw(partner, two)).ThenRefused(order.CodeNotOpen)
	if diff := cmp.Diff(devices(one, two), s.State.Approved()); diff != "" {
		t.Error(diff)
	}
	problems := []domain.Problem{{Code: "device_moved", Detail: "gone"}}
	refusal := order.Refusal{Device: two.Device, Problems: problems}
	done := s.When(record([]order.Line{one}, refusal)).Then(
		order.RenewalOrderApplied{Order: uid, Devices: results(one)},
		order.RenewalOrderRefused{Order: uid, Devices: []order.Refusal{refusal}})
	done.When(record([]order.Line{one}, refusal)).Then()
	if d, _ := done.State.Device(two.Device); d.Status != order.Ordered || len(d.Problems) != 1 || len(done.State.Approved()) > 0 {
		t.Errorf("refused: %+v", d)
	}
	done.When(decline("moved", two)).ThenDone()
	if d, _ := done.When(approve(two)).ThenDone().When(record([]order.Line{two})).ThenDone().State.Device(two.Device); len(d.Problems) > 0 {
		t.Errorf("applied after all: %+v", d)
	}
	done.When(record([]order.Line{line(7)})).Then()

	// Somebody slow has renewed what was refused, then declined: it was renewed.
	late := done.When(decline("moved", two)).ThenDone().When(record([]order.Line{two})).ThenDone()
	if d, _ := late.State.Device(two.Device); d.Status != order.Applied || d.Reason != "" {
		t.Errorf("%+v", d)
	}
}

// Many outcomes are told by several events.
func TestRecordsInChunks(t *testing.T) {
	t.Parallel()
	many := ordered
	many.Devices = make([]order.Line, order.MaxDevices)
	for i := range many.Devices {
		many.Devices[i] = line(i)
	}
	events, err := order.DecideRecord(given(t, many).State, results(many.Devices...), nil)
	if len(events) != 4 || err != nil {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if s := order.Aggregate.Fold(given(t, many).State, events...); s.Status() != order.Applied {
		t.Errorf("%s", s.Status())
	}
}

func TestReversal(t *testing.T) {
	t.Parallel()
	s := given(t, ordered, order.RenewalOrderApplied{Order: uid, Devices: results(one, two)})
	check := func(s order.State, reason string, want []uuid.UUID, code string, lines ...order.Line) {
		t.Helper()
		got, err := order.Reversible(s, devices(lines...), reason)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if p := domain.ProblemsOf(err); (code != "") != (len(p) == 1 && p[0].Code == code) {
			t.Errorf("want %q: %v", code, p)
		}
	}
	check(s.State, "paid back", devices(one, two), "")
	check(s.State, "paid back", devices(two), "", two)
	check(s.State, "", nil, order.CodeReasonMissing)
	check(s.State, "paid back", nil, order.CodeNotApplied, three)
	check(s.State, "paid back", nil, order.CodeNotInOrder, line(7))
	check(order.State{}, "paid back", nil, order.CodeNotFound)
	check(given(t, ordered).State, "paid back", nil, order.CodeNotApplied)

	back := s.When(reversed(one)).Then(order.RenewalOrderReversed{Order: uid, Reversal: uuid.UUID{9}, Devices: devices(one), Reason: "paid back"})
	back.When(reversed(one)).Then()
	back.When(record([]order.Line{one})).Then() // told late
	check(back.State, "paid back", devices(two), "")
	all := back.When(reversed(two)).ThenDone().When(withdraw(partner)).ThenDone()
	check(all.State, "paid back", nil, "")
	if all.State.Status() != order.Reversed {
		t.Errorf("%s", all.State.Status())
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	refusal := order.Refusal{Device: two.Device, Problems: []domain.Problem{{Code: "x", Detail: "y"}}}
	commands := []decision{
		ordering(nil), approve(), approve(one), decline("late"), decline("late", two), withdraw(partner), withdraw(partner, three),
		record([]order.Line{one, three}), record(nil, refusal), reversed(one), reversed(two),
	}
	rapid.Check(t, func(t *rapid.T) {
		var s order.State
		for range 20 {
			decide := commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]
			before := s
			kept := order.Aggregate.Fold(order.State{}, ordered).Devices
			copy(kept, before.Devices)
			for _, e := range domaintest.Allowed(decide(s)) {
				s = order.Evolve(s, e)
			}
			if len(before.Devices) > 0 {
				if diff := cmp.Diff(kept, before.Devices); diff != "" {
					t.Fatalf("folding has changed the state before: %s", diff)
				}
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
		}
	})
}
