package partnership_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	reseller, customer := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001"), uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002")
	uid := partnership.UID(reseller, customer)
	domaintest.Golden(t, partnership.Codec,
		partnership.PartnershipEstablished{Partnership: uid, Reseller: reseller, Customer: customer, Profile: rights.ReadOnly},
		partnership.PartnerProfileAssigned{Partnership: uid, Profile: "full"},
		partnership.PartnershipEndSet{Partnership: uid, Until: time.Date(2027, 3, 31, 22, 0, 0, 0, time.UTC)},
		partnership.PartnershipEndRemoved{Partnership: uid},
		partnership.PartnershipEnded{Partnership: uid, Reason: "moved"},
		partnership.PartnershipRequested{Partnership: uid, Reseller: reseller, Customer: customer, Note: "as agreed"},
		partnership.PartnershipRequestDeclined{Partnership: uid, Reason: "no"},
		partnership.PartnershipRequestWithdrawn{Partnership: uid, Reason: "mistyped"},
		partnership.PartnershipEndWarned{Partnership: uid, Until: time.Date(2027, 3, 31, 22, 0, 0, 0, time.UTC), DaysBefore: 31},
	)
}
