package reservation_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	holder := uuid.MustParse("b4b8f4a6-0000-5000-8000-000000000001")
	other := uuid.MustParse("b4b8f4a6-0000-5000-8000-000000000003")
	domaintest.Golden(t, reservation.Codec,
		reservation.Reserved{
			Kind: reservation.Places, Holder: holder, Subject: "device-" + holder.String(),
			Account: uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002"),
			Holders: []reservation.Holder{{Holder: other, At: 3, Renewals: 1}, {Holder: holder, At: 5}},
		},
		reservation.Released{Kind: reservation.Places, Holder: holder, Holders: []reservation.Holder{}},
	)
}

// That nobody holds a place any more is not the same as not to say who does.
func TestNoHoldersAreTold(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]bool{1: false, 2: true} {
		written, err := os.ReadFile(fmt.Sprintf("testdata/Released.v%d.json", version))
		if err != nil {
			t.Fatal(err)
		}
		e, err := reservation.Codec.Decode("Released", version, written)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := reservation.Snapshot(e, 7); ok != want || len(s.Holders) != 0 {
			t.Errorf("version %d: %+v %v", version, s, ok)
		}
	}
}
