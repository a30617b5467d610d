package transfer_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// TestGolden: what is in the log stays readable, and is written as it was.
func TestGolden(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID {
		return uuid.UUID{0xb4, 0xb8, 6: 0x40, 8: 0x80, 15: n}
	}
	policy := device.Policy{Name: device.Eligibility, Version: 1, Included: device.IncludedFull}
	day := calendar.On(2026, 11, 23)
	resulting := device.Resulting{
		Service:     device.Service{Offer: catalogue.Complete, Source: device.SourceIncluded, Start: day, End: calendar.On(2027, 11, 23), AnchorDay: 23},
		WarrantyEnd: calendar.On(2027, 11, 23), SupportExpiry: calendar.On(2027, 11, 23), ParkedUntil: day, Consumed: true,
	}
	problems := []domain.Problem{{
		Code: "service_allocation_missing", Detail: "The device has no service allocation.",
		Facts: map[string]string{"includedUntil": "2026-11-23"}, Remedies: []domain.Remedy{{Code: "purchase_renewal", Detail: "Order a renewal."}},
	}}
	named := transfer.Named{Name: "LB00000000000001", Device: id(9)}
	refusals := []transfer.Refusal{{Index: 1, SerialNumber: "LB00000000000001", InSource: true, Problems: problems}}
	domaintest.Golden(t, transfer.Codec,
		transfer.TransferRequested{
			Transfer: id(1), Account: id(2), From: id(3), To: id(4), Offer: catalogue.Complete, Plan: id(5), Atomic: true,
			Policy: policy, First: 500, Devices: []transfer.Named{named},
		},
		transfer.TransferCarriedOut{Transfer: id(1), Devices: []transfer.Moved{
			{Index: 500, Device: id(9), SerialNumber: "LB00000000000001", Resulting: resulting},
		}},
		transfer.TransferRefused{Transfer: id(1), Devices: refusals},
		transfer.ReversalRequested{Transfer: id(1), Reversal: id(6), Account: id(2), Devices: []transfer.Named{named}},
		transfer.ReversalCarriedOut{Transfer: id(1), Reversal: id(6), Devices: []uuid.UUID{id(9)}},
		transfer.ReversalRefused{Transfer: id(1), Reversal: id(6), Devices: refusals},
		transfer.TransferPlanned{
			Plan: id(5), Account: id(2), From: id(3), To: id(4), Offer: catalogue.Complete, Policy: policy,
			Expires: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Day: day, Total: 2,
		},
		transfer.DevicesPlanned{Plan: id(5), Devices: []transfer.Planned{
			{Named: named, SerialNumber: "LB00000000000001", Resulting: &resulting}, {Named: transfer.Named{Name: "?"}, Problems: problems},
		}},
	)
}
