package reservation_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	holder := uuid.MustParse("b4b8f4a6-0000-5000-8000-000000000001")
	domaintest.Golden(t, reservation.Wire,
		reservation.Reserved{
			Kind: reservation.Places, Holder: holder, Subject: "device-" + holder.String(),
			Account: uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002"),
		},
		reservation.Released{Kind: reservation.Places, Holder: holder},
	)
}
