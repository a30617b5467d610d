package device_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

var owners = []device.Owner{
	reseller, customer, other,
	{UID: uuid.UUID{4}, Type: account.Standard, Status: account.Closed, Offers: []catalogue.Offer{catalogue.Basic}},
	{UID: uuid.UUID{5}, Type: account.Reseller, Status: account.Activated, Offers: catalogue.Offers},
}

// command draws any command, also a senseless one, as given on today.
func command(t *rapid.T, today calendar.Date) (name string, decide decision) {
	owner := func(label string) device.Owner { return rapid.SampledFrom(owners).Draw(t, label) }
	id := rapid.Byte().Draw(t, "id")
	name = rapid.SampledFrom([]string{
		"register", "transfer", "transfer", "transfer", "reverse transfer", "renew", "align", "reverse renewal", "automatic", "grant", "suspend", "resume", "rename", "relabel", "hold", "unhold", "retire",
		"reinstate", "SIM", "offer", "release", "planned",
	}).Draw(t, "command")
	switch name {
	case "register":
		return name, register(owner("owner"), today)
	case "transfer":
		from, to := owner("from"), owner("to")
		return name, transfer(from, to, today, func(c *device.Transfer) {
			c.ID = uuid.UUID{50, id}
			c.Partnered = rapid.IntRange(0, 9).Draw(t, "partnered") > 0
		})
	case "reverse transfer":
		of, source := rapid.Byte().Draw(t, "transfer"), owner("source")
		age := time.Duration(rapid.IntRange(1, 48).Draw(t, "hours")) * time.Hour
		return name, func(s device.State) ([]domain.Event, error) {
			c := device.ReverseTransfer{
				ID: uuid.UUID{60, id}, Transfer: uuid.UUID{50, of}, Source: source, By: operator, Now: today.Time(), Rules: device.DefaultRules,
			}
			c.Made.At = c.Now.Add(-age)
			if s.Moved != nil && of > 50 { // one of 256 would hardly ever be it
				c.Transfer = s.Moved.Transfer
			}
			return device.DecideReverseTransfer(s, c)
		}
	case "renew":
		c := rapid.SampledFrom([]func(*device.Renew){
			term("P1Y"), term("P3Y"), term("P5Y"), until(today + 400), func(*device.Renew) {},
		}).Draw(t, "renewal")
		number := rapid.SampledFrom([]string{"", "PO-1", "PO-2"}).Draw(t, "number")
		offer, of := rapid.SampledFrom([]catalogue.Offer{"", catalogue.Basic}).Draw(t, "offer"), owner("of")
		return name, order(id, today, c, func(r *device.Renew) { r.OrderNumber, r.Offer, r.Model, r.Owner = number, offer, rv50, of })
	case "align":
		kind := rapid.SampledFrom([]string{"latest", "majority", "monthEnd", (today + 300).String()}).Draw(t, "alignment")
		a, _ := device.ParseAlignment(kind)
		end := device.Allocation{Until: today + calendar.Date(rapid.IntRange(-10, 900).Draw(t, "end")), AnchorDay: 30}
		return name, order(id, today, func(r *device.Renew) { r.Align = a.Among([]device.Allocation{end}, today) })
	case "reverse renewal":
		return name, reverseRenewal(id, rapid.Byte().Draw(t, "reversal"))
	case "planned":
		from, to := owner("from"), owner("to")
		c := device.Transfer{ID: uuid.UUID{50, id}, From: from, To: to, By: operator, Partnered: true, Model: rv50, Today: today, Rules: device.DefaultRules}
		return name, func(s device.State) ([]domain.Event, error) {
			return device.DecidePlanned(s, c, promise(s, c, today-1))
		}
	case "offer":
		offer, of := rapid.SampledFrom(catalogue.Offers).Draw(t, "offer"), owner("of")
		return name, func(s device.State) ([]domain.Event, error) {
			return device.DecideChangeOffer(s, device.ChangeOffer{Offer: offer, Model: rv50, Owner: of, AtOnce: true})
		}
	case "SIM":
		return name, sim(rapid.SampledFrom([]string{"", "8931000000000000001", "8931000000000000002"}).Draw(t, "ICCID"))
	case "release":
		from, to := owner("from"), owner("to")
		byItself := rapid.Bool().Draw(t, "by itself")
		return name, func(s device.State) ([]domain.Event, error) {
			return device.DecideRelease(s, device.Release{Request: uuid.UUID{70, id}, Owner: from.UID, To: to.UID, ByItself: byItself})
		}
	case "automatic":
		return name, automatic(today)
	case "grant":
		return name, grant(id, today, today+calendar.Date(rapid.IntRange(-10, 900).Draw(t, "days")))
	case "retire":
		if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
			return "suspend", suspend
		}
	}
	return name, map[string]decision{
		"suspend": suspend, "resume": resume, "rename": rename, "relabel": relabel, "hold": hold, "unhold": unhold, "retire": retire,
		"reinstate": reinstate(""),
	}[name]
}

// TestHistories runs random commands over the years and checks what must hold
// after each: it is idempotent, gives events or refuses, no end of service by
// order moves back, and what was paid for is never lost.
func TestHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s device.State
		today, paid := day0, calendar.Date(0)
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			today += calendar.Date(rapid.IntRange(0, 500).Draw(t, "days"))
			name, decide := command(t, today)
			beside, err := decide(s)
			events := domaintest.Allowed(beside, err)
			if err != nil && len(domain.ProblemsOf(err)) == 0 {
				t.Fatalf("%s: failed with %v", name, err)
			}
			before := s
			checkRenewals(t, s, events, today)
			for _, e := range events {
				s = device.Evolve(s, e)
				switch e := e.(type) {
				case device.ServiceRenewed:
					if !e.Automatic {
						paid = e.NewEnd
					}
				case device.RenewalReversed:
					paid = min(paid, e.NewEnd)
				case device.AllocationGranted:
					paid = max(paid, e.Allocation.Until)
				}
			}
			if name == "automatic" && len(events) > 0 && s.Service.End <= today {
				t.Fatalf("on %v a free term ends on %v", today, s.Service.End)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("%s on its own result: %+v", name, again)
			}
			checkState(t, s, paid, today)
			if len(events) == 0 && !cmp.Equal(before, s) {
				t.Fatal("the state has changed without an event")
			}
		}
	})
}

// checkRenewals: each renewal goes on where the last ended, the last of them
// ends today or later, and taking an order back leaves what was there before.
func checkRenewals(t *rapid.T, s device.State, events []domain.Event, today calendar.Date) {
	before, end := s, calendar.Date(0)
	for i, e := range events {
		renewed, ok := e.(device.ServiceRenewed)
		if !ok {
			break
		}
		if renewed.NewEnd <= renewed.OldEnd || i > 0 && renewed.OldEnd != end {
			t.Fatalf("renewal %d on %v from %v to %v", i, today, renewed.OldEnd, renewed.NewEnd)
		}
		s, end = device.Evolve(s, e), renewed.NewEnd
		if renewed.Automatic {
			continue
		}
		for _, e := range events[i+1:] { // the offer that came with it
			s = device.Evolve(s, e)
		}
		back, err := device.DecideReverseRenewal(s, device.ReverseRenewal{ID: uuid.UUID{200}, Renewal: renewed.Renewal})
		if len(back) == 0 {
			t.Fatalf("not to be taken back: %+v", domain.ProblemsOf(err))
		}
		for _, e := range back {
			s = device.Evolve(s, e)
		}
		if !cmp.Equal(s.Service, before.Service) || !cmp.Equal(s.Parked, before.Parked) || !cmp.Equal(s.Orders, before.Orders, cmpopts.EquateEmpty()) {
			t.Fatalf("before the order %+v, after its reversal %+v", before, s)
		}
	}
	if end > 0 && end < today {
		t.Fatalf("renewed on %v until %v", today, end)
	}
}

func checkState(t *rapid.T, s device.State, paid, today calendar.Date) {
	if !s.Exists() {
		return
	}
	resellers := s.Account == reseller.UID || s.Account == owners[4].UID
	if s.Service.AutoRenew != resellers {
		t.Fatalf("renews by itself: %v, in a reseller's account: %v", s.Service.AutoRenew, resellers)
	}
	switch {
	case !resellers && s.Parked != nil:
		t.Fatalf("parked in a standard account: %+v", s.Parked)
	case !resellers && s.Service.End < paid:
		t.Fatalf("paid until %v, service until %v", paid, s.Service.End)
	case resellers && paid >= today && (s.Parked == nil || s.Parked.Until < paid):
		t.Fatalf("paid until %v, parked %+v", paid, s.Parked)
	}
}

// TestThereAndBack: a stay with a reseller costs a customer nothing.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := day0 + calendar.Date(rapid.IntRange(0, 4000).Draw(t, "registered"))
		var s device.State
		do := func(decide decision) {
			events, err := decide(s)
			if len(events) == 0 || err != nil {
				t.Fatalf("no events: %v", err)
			}
			for _, e := range events {
				s = device.Evolve(s, e)
			}
		}
		do(register(customer, day))
		do(order(1, day, rapid.SampledFrom([]func(*device.Renew){term("P1Y"), term("P3Y"), term("P5Y")}).Draw(t, "term")))
		end, anchor := s.Service.End, s.Service.AnchorDay
		stay := int(end - day)
		out := rapid.IntRange(0, stay).Draw(t, "out")
		do(transfer(customer, reseller, day+calendar.Date(out)))
		do(transfer(reseller, customer, day+calendar.Date(rapid.IntRange(out, stay).Draw(t, "back"))))
		if s.Service.End != end || s.Service.AnchorDay != anchor {
			t.Fatalf("end %v anchor %d, before %v anchor %d", s.Service.End, s.Service.AnchorDay, end, anchor)
		}
	})
}

// TestEvolveTakesAnything: folding never panics, whatever the order of events
// and their content, nor does deciding on what comes out; and it leaves the
// state before as it was.
func TestEvolveTakesAnything(t *testing.T) {
	t.Parallel()
	date := rapid.Custom(func(t *rapid.T) calendar.Date { return calendar.Date(rapid.Int32().Draw(t, "date")) })
	service := rapid.Custom(func(t *rapid.T) device.Service {
		return device.Service{Start: date.Draw(t, "start"), End: date.Draw(t, "end"), AnchorDay: rapid.IntRange(-1, 99).Draw(t, "anchor"), AutoRenew: rapid.Bool().Draw(t, "auto")}
	})
	allocation := rapid.Custom(func(t *rapid.T) device.Allocation {
		return device.Allocation{Until: date.Draw(t, "until"), AnchorDay: rapid.IntRange(-1, 99).Draw(t, "anchor")}
	})
	event := rapid.Custom(func(t *rapid.T) domain.Event {
		id := uuid.UUID{rapid.Byte().Draw(t, "id")}
		a := allocation.Draw(t, "allocation")
		return rapid.SampledFrom([]domain.Event{
			device.Registered{Device: id, SerialNumber: "X", Service: service.Draw(t, "service"), Included: a, LifeCycle: device.Active},
			device.Transferred{To: id, Transfer: id, Service: service.Draw(t, "service"), Parked: &a},
			device.TransferReversed{To: id, Transfer: id, Reversal: id, Service: service.Draw(t, "before"), Parked: &a},
			device.ServiceRenewed{Renewal: id, NewEnd: date.Draw(t, "end"), AnchorDay: 31, Parked: rapid.Bool().Draw(t, "parked")},
			device.AllocationGranted{ID: id, Allocation: a, Parked: rapid.Bool().Draw(t, "parked")},
			device.RenewalReversed{Reversal: id, Renewal: id, Restored: &a, Parked: rapid.Bool().Draw(t, "parked")},
			device.Renamed{}, device.Relabelled{NewLabels: []string{"x"}}, device.Suspended{}, device.Resumed{}, device.Retired{},
			device.Reinstated{}, device.SIMAssigned{ICCID: "1"}, device.SIMRemoved{}, device.OfferChanged{Renewal: id}, device.OwnershipReleased{To: id},
			device.Held{Batch: id}, device.HoldReleased{Batch: id}, device.ClaimAbandoned{}, nil,
		}).Draw(t, "event")
	})
	rapid.Check(t, func(t *rapid.T) {
		var s device.State
		for _, e := range rapid.SliceOfN(event, 1, 20).Draw(t, "events") {
			before, kept := s, s
			if s.Parked != nil {
				kept.Parked = new(*s.Parked)
			}
			if s.Moved != nil {
				kept.Moved = new(*s.Moved)
			}
			s = device.Evolve(s, e)
			if !cmp.Equal(kept, before) {
				t.Fatal("folding has changed the state before")
			}
			today := day0 + calendar.Date(rapid.IntRange(0, 9000).Draw(t, "today"))
			_, decide := command(t, today)
			decide(s)
			s.Dates(device.DefaultRules)
			s.ServiceStatus(today)
		}
	})
}
