package partnership_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func request(s partnership.State) ([]domain.Event, error) {
	return partnership.DecideRequest(s, partnership.Proposal{Reseller: reseller, Customer: customer, Note: "as agreed"}, noon)
}

func accept(profile string) decision {
	return func(s partnership.State) ([]domain.Event, error) {
		return partnership.DecideAccept(s, rights.Resolve(profile, nil), time.Time{}, noon)
	}
}

func decline(s partnership.State) ([]domain.Event, error) {
	return partnership.DecideDecline(s, "no")
}

func withdrawRequest(s partnership.State) ([]domain.Event, error) {
	return partnership.DecideWithdrawRequest(s, "mistyped")
}

// Accounts 3: a reseller asks an account for a partnership, which that account
// accepts or declines.
func TestRequest(t *testing.T) {
	t.Parallel()
	uid := partnership.UID(reseller, customer)
	requested := partnership.PartnershipRequested{Partnership: uid, Reseller: reseller, Customer: customer, Note: "as agreed"}
	established := partnership.PartnershipEstablished{Partnership: uid, Reseller: reseller, Customer: customer, Profile: "full"}
	s := given(t).When(request).Then(requested)
	s.When(request).Then()
	if s.State.ActiveAt(noon) || s.State.UID != uuid.Nil {
		t.Error("a request is a partnership")
	}
	s.When(accept("king")).ThenRefused(partnership.CodeProfileUnknown)
	partners := s.When(accept("full")).Then(established)
	partners.When(accept("full")).Then()
	partners.When(accept("renewals")).ThenRefused(partnership.CodeAlreadyPartnered)
	partners.When(request).ThenRefused(partnership.CodeAlreadyPartnered)
	partners.When(decline).ThenRefused(partnership.CodeRequestNotOpen)

	no := s.When(decline).Then(partnership.PartnershipRequestDeclined{Partnership: uid, Reason: "no"})
	no.When(decline).Then()
	no.When(accept("full")).ThenRefused(partnership.CodeRequestNotOpen)
	no.When(withdrawRequest).ThenRefused(partnership.CodeRequestNotOpen)
	no.When(request).Then(requested).When(accept("full")).ThenDone()

	back := s.When(withdrawRequest).Then(partnership.PartnershipRequestWithdrawn{Partnership: uid, Reason: "mistyped"})
	back.When(withdrawRequest).Then()
	back.When(accept("full")).ThenRefused(partnership.CodeRequestNotOpen)

	given(t).When(accept("full")).ThenRefused(partnership.CodeRequestNotOpen)
	given(t).When(decline).ThenRefused(partnership.CodeRequestNotOpen)
	given(t).When(withdrawRequest).ThenRefused(partnership.CodeRequestNotOpen)
	// An account may choose its partner without having been asked, or while it is.
	if s := s.When(establish("full")).Then(established); s.State.Request.Status != "" {
		t.Errorf("the request still waits: %+v", s.State.Request)
	}
	// What is proposed has to be possible: a shipped profile, an end to come.
	propose := func(profile string, until time.Time) decision {
		return func(s partnership.State) ([]domain.Event, error) {
			return partnership.DecideRequest(s, partnership.Proposal{Reseller: reseller, Customer: customer, Profile: profile, Until: until}, noon)
		}
	}
	later := noon.Add(time.Hour)
	given(t).When(propose("full", later.Add(time.Nanosecond))).Then(partnership.PartnershipRequested{
		Partnership: uid, Reseller: reseller, Customer: customer, Profile: "full", Until: later,
	})
	given(t).When(propose("king", noon)).ThenRefused(partnership.CodeProfileUnknown, partnership.CodeUntilInPast)
	// What has ended can be asked for again.
	partners.When(end).ThenDone().When(request).Then(requested).When(accept("full")).Then(established)
}
