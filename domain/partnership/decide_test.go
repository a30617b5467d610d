package partnership_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var reseller, customer = uuid.UUID{1}, uuid.UUID{2}

func given(t *testing.T) *domaintest.Scenario[partnership.State] {
	t.Helper()
	return domaintest.Given(t, partnership.Evolve)
}

type decision = domaintest.Decision[partnership.State]

func establish(profile string) decision {
	return func(s partnership.State) ([]domain.Event, []domain.Problem) {
		return partnership.DecideEstablish(s, reseller, customer, profile)
	}
}

func assign(profile string) decision {
	return func(s partnership.State) ([]domain.Event, []domain.Problem) {
		return partnership.DecideAssign(s, profile)
	}
}

func end(s partnership.State) ([]domain.Event, []domain.Problem) {
	return partnership.DecideEnd(s, "moved")
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
	if ended.When(establish(rights.ReadOnly)).ThenDone(); !s.State.Active() || ended.State.Active() {
		t.Error("who is a partner")
	}
	given(t).When(establish("king")).ThenRefused(partnership.CodeProfileUnknown)
	given(t).When(assign("king")).ThenRefused(partnership.CodeProfileUnknown, partnership.CodeNotPartnered)
	given(t).When(end).Then()
}

func TestUIDDependsOnWhoIsWho(t *testing.T) {
	t.Parallel()
	if partnership.UID(reseller, customer) == partnership.UID(customer, reseller) {
		t.Error("a pair and its reverse are one partnership")
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	commands := []decision{establish(rights.ReadOnly), establish("full"), assign("full"), assign("renewals"), assign("king"), end}
	rapid.Check(t, func(t *rapid.T) {
		var s partnership.State
		for range 20 {
			decide := commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]
			events, _ := decide(s)
			for _, e := range events {
				s = partnership.Evolve(s, e)
			}
			if again, _ := decide(s); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
		}
	})
}
