package device_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

// TestGolden: what is in the log stays readable, and is written as it was.
func TestGolden(t *testing.T) {
	t.Parallel()
	uid := device.UID("LB00000000000001")
	from, to := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001"), uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002")
	command := uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000003")
	day := calendar.On(2026, 11, 23)
	included := device.Allocation{Source: device.SourceIncluded, Until: calendar.On(2027, 11, 23), AnchorDay: 23}
	free := device.Service{
		Offer: catalogue.Complete, Source: device.SourceFree, Start: day, End: calendar.On(2031, 11, 23), AnchorDay: 23, AutoRenew: true,
	}
	domaintest.Golden(t, device.Codec,
		device.Registered{
			Device: uid, SerialNumber: "LB00000000000001", Factor: device.Factor{Kind: device.IMEI, Value: "004401000000015"},
			Model: "RV50X", Account: from, Name: "Engine 5", Labels: []string{"north", "vehicle"}, LifeCycle: device.Active,
			FirstRegistered: day, Service: free, Included: included, ICCID: "8901000000000000001", OrderNumber: "PO-1",
		},
		device.Transferred{
			Device: uid, Transfer: command, From: from, To: to, Name: "Engine 5", Service: free, Parked: &included, Consumed: true,
			Policy: device.Policy{Name: device.Eligibility, Version: 1, Included: device.IncludedFull},
		},
		device.TransferReversed{
			Device: uid, Transfer: command, Reversal: from, From: to, To: from, LifeCycle: device.Active, Service: free,
			Parked: &included, Consumed: true,
		},
		device.OwnershipReleased{Device: uid, Request: command, To: to},
		device.ServiceRenewed{
			Device: uid, Renewal: command, Term: "P1Y", OldEnd: day, NewEnd: calendar.On(2027, 11, 23), AnchorDay: 23,
			Parked: true, OrderNumber: "PO-2", Note: "by phone", Automatic: true,
		},
		device.RenewalReversed{
			Device: uid, Reversal: from, Renewal: command, OldEnd: calendar.On(2028, 11, 23), NewEnd: calendar.On(2027, 11, 23),
			Restored: &included, Parked: true,
		},
		device.AllocationGranted{Device: uid, ID: command, Allocation: included, OldEnd: day, Parked: true, Reason: "goodwill"},
		device.Renamed{Device: uid, OldName: "Engine 5", NewName: "Engine 6"},
		device.Relabelled{Device: uid, OldLabels: []string{"north"}, NewLabels: []string{"south"}},
		device.Suspended{Device: uid, Reason: "stolen"},
		device.Resumed{Device: uid, Reason: "found"},
		device.Retired{Device: uid, Reason: "crushed"},
		device.Reinstated{Device: uid, Name: "Engine 7", Reason: "found again"},
		device.SIMAssigned{Device: uid, OldICCID: "8901000000000000001", ICCID: "8901000000000000002"},
		device.SIMRemoved{Device: uid, ICCID: "8901000000000000002"},
		device.OfferChanged{Device: uid, OldOffer: catalogue.Complete, NewOffer: catalogue.Basic, Renewal: command},
		device.Held{Device: uid, Batch: command},
		device.HoldReleased{Device: uid, Batch: command},
		device.ClaimAbandoned{Device: uid, Reservation: "reservation-factor-00"},
	)
}
