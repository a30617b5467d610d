package device_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

var batch = uuid.UUID{70}

func suspend(s device.State) ([]domain.Event, error) {
	return device.DecideSuspend(s, "lost")
}
func resume(s device.State) ([]domain.Event, error) {
	return device.DecideResume(s, "found")
}
func retire(s device.State) ([]domain.Event, error) {
	return device.DecideRetire(s, "crushed")
}
func hold(s device.State) ([]domain.Event, error) { return device.DecideHold(s, batch) }
func unhold(s device.State) ([]domain.Event, error) {
	return device.DecideReleaseHold(s, batch)
}
func rename(s device.State) ([]domain.Event, error) {
	return device.DecideRename(s, "Engine 5")
}
func relabel(s device.State) ([]domain.Event, error) {
	return device.DecideRelabel(s, []string{"north"})
}

// Devices 4.
func TestLifeCycle(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	uid := s.State.UID
	s.When(resume).Then()
	suspended := s.When(suspend).Then(device.Suspended{Device: uid, Reason: "lost"})
	suspended.When(suspend).Then()
	suspended.When(resume).Then(device.Resumed{Device: uid, Reason: "found"}).When(suspend).ThenDone()
	retired := suspended.When(retire).Then(device.Retired{Device: uid, Reason: "crushed"})
	retired.When(retire).Then()
	s.When(rename).Then(device.Renamed{Device: uid, OldName: "LA00000000000001", NewName: "Engine 5"}).When(rename).Then()
	s.When(relabel).Then(device.Relabelled{Device: uid, NewLabels: []string{"north"}}).When(relabel).Then()

	for name, change := range map[string]decision{
		"suspend": suspend, "resume": resume, "rename": rename, "relabel": relabel, "SIM": sim("8931000000000000001"), "offer": changeOffer(catalogue.Basic),
		"grant": grant(1, day0, on(2030, 1, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			retired.When(change).ThenRefused(device.CodeRetired)
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	held := registered(t, customer).When(suspend).ThenDone().When(hold).ThenDone()
	held.When(hold).Then()
	for _, change := range []decision{
		resume, retire, rename, relabel,
		func(s device.State) ([]domain.Event, error) { return device.DecideHold(s, uuid.UUID{71}) },
	} {
		held.When(change).ThenRefused(device.CodeBusy)
	}
	free := held.When(unhold).Then(device.HoldReleased{Device: held.State.UID, Batch: batch})
	free.When(unhold).Then()
	free.When(resume).ThenDone()
	if s := held.When(unhold).ThenDone().When(retire).ThenDone().When(hold).ThenDone().State; s.HeldBy != batch {
		t.Error("a retired device is not held")
	}
	if s := device.Evolve(held.State, device.HoldReleased{Batch: uuid.UUID{71}}); s.HeldBy != batch {
		t.Error("the release of another batch's hold has ended this one")
	}
	if s := device.Evolve(held.State, device.Transferred{Transfer: uuid.UUID{5}}); s.HeldBy != uuid.Nil {
		t.Error("the batch's own transfer has not ended the hold")
	}
}

// What the batch appends ends its hold, whatever it is.
func TestBatchEndsItsHold(t *testing.T) {
	t.Parallel()
	s := registered(t, customer).When(hold).ThenDone().State
	for _, e := range []domain.Event{
		device.Renamed{}, device.Relabelled{}, device.Suspended{}, device.Resumed{}, device.Retired{}, device.Reinstated{},
		device.SIMAssigned{}, device.SIMRemoved{}, device.OfferChanged{}, device.ServiceRenewed{}, device.AllocationGranted{},
	} {
		if device.Evolve(s, e).HeldBy != uuid.Nil {
			t.Errorf("%s has not ended the hold", e.EventType())
		}
	}
	if device.Evolve(s, device.ClaimAbandoned{}).HeldBy != batch {
		t.Error("a fence has ended the hold")
	}
}

// Devices 5, 6.
func TestDates(t *testing.T) {
	t.Parallel()
	end, year := on(2031, 11, 23), on(2027, 11, 23)
	for _, tt := range []struct {
		name  string
		offer catalogue.Offer
		end   calendar.Date
		want  device.Dates
	}{
		{"basic", catalogue.Basic, end, device.Dates{GatewayEnd: end, WarrantyEnd: year}},
		{"complete", catalogue.Complete, end, device.Dates{GatewayEnd: end, SupportExpiry: end, WarrantyEnd: end}},
		{"premium", catalogue.Premium, on(2029, 1, 1), device.Dates{GatewayEnd: on(2029, 1, 1), SupportExpiry: on(2029, 1, 1), WarrantyEnd: on(2029, 1, 1)}},
		{"warranty has a cap", catalogue.Complete, on(2040, 1, 1), device.Dates{GatewayEnd: on(2040, 1, 1), SupportExpiry: on(2040, 1, 1), WarrantyEnd: end}},
		{"warranty is a year at least", catalogue.Complete, on(2027, 1, 1), device.Dates{GatewayEnd: on(2027, 1, 1), SupportExpiry: on(2027, 1, 1), WarrantyEnd: year}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := device.State{SerialNumber: "X", FirstRegistered: day0, Service: device.Service{Offer: tt.offer, End: tt.end}}
			if got := s.Dates(device.DefaultRules); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := (device.State{}).Dates(device.DefaultRules); got != (device.Dates{}) {
		t.Errorf("dates of no device: %v", got)
	}
}

func TestServiceStatus(t *testing.T) {
	t.Parallel()
	s := registered(t, customer)
	for today, want := range map[calendar.Date]string{
		on(2027, 11, 23): device.ServiceActive, on(2027, 11, 24): device.ServiceExpired,
	} {
		if got := s.State.ServiceStatus(today); got != want {
			t.Errorf("on %v: %s", today, got)
		}
	}
	if got := s.When(retire).ThenDone().State.ServiceStatus(day0); got != "" {
		t.Errorf("retired: %s", got)
	}
	if got := (device.State{}).ServiceStatus(day0); got != "" {
		t.Errorf("none: %s", got)
	}
}
