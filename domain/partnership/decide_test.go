package partnership_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var (
	reseller, customer = uuid.UUID{1}, uuid.UUID{2}
	noon               = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
)

func given(t *testing.T) *domaintest.Scenario[partnership.State] {
	t.Helper()
	return domaintest.Given(t, partnership.Evolve)
}

type decision = domaintest.Decision[partnership.State]

func establish(profile string) decision {
	return func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideEstablish(s, reseller, customer, rights.Resolve(profile, nil), noon)
	}
}

func assign(profile string) decision {
	return func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideAssign(s, rights.Resolve(profile, nil), noon)
	}
}

func until(t time.Time) decision {
	return func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideSetEnd(s, t, noon)
	}
}

func end(s partnership.State) ([]domain.Event, error) {
	return partnership.DecideEnd(s, "moved", noon)
}

// Accounts 3: read-only by default, the customer may assign another.
func TestPartnership(t *testing.T) {
	t.Parallel()
	uid := partnership.UID(reseller, customer)
	s := given(t).When(establish(rights.ReadOnly)).Then(partnership.PartnershipEstablished{
		Partnership: uid, Reseller: reseller, Customer: customer, Profile: rights.ReadOnly,
	})
	s.When(establish("full")).Then() // stays as it is
	s.When(assign(rights.ReadOnly)).Then()
	s.When(assign("full")).Then(partnership.PartnerProfileAssigned{Partnership: uid, Profile: "full"}).When(assign("full")).Then()
	s.When(assign("king")).ThenRefused(partnership.CodeProfileUnknown)
	ended := s.When(end).Then(partnership.PartnershipEnded{Partnership: uid, Reason: "moved"})
	ended.When(end).Then()
	ended.When(assign("full")).ThenRefused(partnership.CodeNotPartnered)
	if ended.When(establish(rights.ReadOnly)).ThenDone(); !s.State.ActiveAt(noon) || ended.State.ActiveAt(noon) {
		t.Error("who is a partner")
	}
	given(t).When(establish("king")).ThenRefused(partnership.CodeProfileUnknown)
	given(t).When(assign("king")).ThenRefused(partnership.CodeProfileUnknown, partnership.CodeNotPartnered)
	given(t).When(end).Then()
}

func TestAPartnershipEndsByItself(t *testing.T) {
	t.Parallel()
	uid := partnership.UID(reseller, customer)
	night := noon.Add(12 * time.Hour)
	s := given(t).When(establish(rights.ReadOnly)).ThenDone().When(until(night.Add(time.Millisecond))).Then(
		partnership.PartnershipEndSet{Partnership: uid, Until: night})
	s.When(until(night)).Then()
	s.When(until(noon)).ThenRefused(partnership.CodeUntilInPast)
	if !s.State.ActiveAt(night.Add(-time.Nanosecond)) || s.State.ActiveAt(night) {
		t.Error("it ends at that very instant")
	}
	s.When(func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideAssign(s, rights.Resolve("full", nil), night)
	}).ThenRefused(partnership.CodeNotPartnered)
	again := s.When(func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideEstablish(s, reseller, customer, rights.Resolve("full", nil), night)
	}).Then(partnership.PartnershipEnded{Partnership: uid, Automatic: true},
		partnership.PartnershipEstablished{Partnership: uid, Reseller: reseller, Customer: customer, Profile: "full"})
	if !again.State.ActiveAt(night.AddDate(9, 0, 0)) {
		t.Error("established anew it has no end")
	}
	s.When(until(time.Time{})).Then(partnership.PartnershipEndRemoved{Partnership: uid}).When(until(time.Time{})).Then()
	given(t).When(until(night)).ThenRefused(partnership.CodeNotPartnered)
}

func TestUIDDependsOnWhoIsWho(t *testing.T) {
	t.Parallel()
	if partnership.UID(reseller, customer) == partnership.UID(customer, reseller) {
		t.Error("a pair and its reverse are one partnership")
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	commands := []decision{establish(rights.ReadOnly), establish("full"), assign("full"), assign("renewals"), assign("king"), until(noon.Add(time.Hour)), until(noon), until(time.Time{}), end,
		request, accept("full"), accept("king"), decline, withdrawRequest}
	rapid.Check(t, func(t *rapid.T) {
		var s partnership.State
		for range 20 {
			decide := commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]
			events := domaintest.Allowed(decide(s))
			for _, e := range events {
				s = partnership.Evolve(s, e)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
		}
	})
}

// A customer chooses a partner, for good or for a time, and once.
func TestPartnering(t *testing.T) {
	t.Parallel()
	partner := func(profile string, until time.Time) decision {
		return func(s partnership.State) ([]domain.Event, error) {
			return partnership.DecidePartner(s, reseller, customer, rights.Resolve(profile, nil), until, noon)
		}
	}
	established := partnership.PartnershipEstablished{
		Partnership: partnership.UID(reseller, customer), Reseller: reseller, Customer: customer, Profile: "full",
	}
	hour := noon.Add(time.Hour)
	s := given(t).When(partner("full", hour.Add(time.Millisecond))).
		Then(established, partnership.PartnershipEndSet{Partnership: established.Partnership, Until: hour})
	s.When(partner("full", hour)).Then()
	s.When(partner("full", time.Time{})).ThenRefused(partnership.CodeAlreadyPartnered)
	s.When(partner("renewals", hour)).ThenRefused(partnership.CodeAlreadyPartnered)
	given(t).When(partner("full", noon)).ThenRefused(partnership.CodeUntilInPast)
	given(t).When(partner("king", noon)).ThenRefused(partnership.CodeProfileUnknown, partnership.CodeUntilInPast)
	s.When(end).ThenDone().When(partner("full", time.Time{})).Then(established)
}
