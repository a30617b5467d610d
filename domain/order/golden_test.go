package order_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/order"
)

// TestGolden: what is in the log stays readable, and is written as it was.
func TestGolden(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{0xb4, 6: 0x40, 8: 0x80, 15: n} }
	before, after := calendar.On(2026, 11, 30), calendar.On(2027, 11, 30)
	domaintest.Golden(t, order.Codec,
		order.RenewalOrdered{
			Order: id(1), Account: id(2), Term: "P1Y", Offer: catalogue.Premium, OrderNumber: "PO-1", Note: "as agreed",
			Devices: []order.Line{{Device: id(3), SerialNumber: "LB00000000000001", Account: id(4), OldEnd: before, NewEnd: after}},
			Align:   order.Alignment{Kind: device.AlignLatest, Day: after, AnchorDay: 30}, Until: after,
		},
		order.RenewalOrderApproved{Order: id(1), Devices: []uuid.UUID{id(3)}, On: before},
		order.RenewalOrderApplied{Order: id(1), Devices: []order.Renewed{{Device: id(3), OldEnd: before, NewEnd: after}}},
		order.RenewalOrderRefused{Order: id(1), Devices: []order.Refusal{{Device: id(3), Problems: []domain.Problem{
			{Code: "device_moved", Detail: "The device has changed its account.", Facts: map[string]string{"device": id(3).String()}},
		}}}},
		order.RenewalOrderDeclined{Order: id(1), Devices: []uuid.UUID{id(3)}, Reason: "not paid"},
		order.RenewalOrderWithdrawn{Order: id(1), Devices: []uuid.UUID{id(3)}, Reason: "sold"},
		order.RenewalOrderReversed{Order: id(1), Reversal: id(5), Devices: []uuid.UUID{id(3)}, Reason: "paid back"},
		order.RenewalOrderAbandoned{Order: id(1)},
		order.RenewalOrderClaimAbandoned{Order: id(1), Reservation: "reservation-ordernumber-00"},
	)
}
