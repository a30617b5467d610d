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

func registered(account uuid.UUID) device.Registered {
	return device.Registered{
		Device: one.Device, SerialNumber: one.SerialNumber, Model: "RV50X", Account: account, Name: "One", LifeCycle: device.Active,
		Service: device.Service{Offer: catalogue.Complete, Source: device.SourceIncluded, Start: today, End: end, AnchorDay: 30},
	}
}

// The device's own stream is renewed once, with the dates of the day on which the
// order was approved; a device that has moved is refused.
func TestRenewADevice(t *testing.T) {
	t.Parallel()
	o := given(t, ordered, order.RenewalOrderApproved{Order: uid, Devices: devices(one), On: today}).State
	renew := func(o order.State) domaintest.Decision[device.State] {
		return func(d device.State) ([]domain.Event, error) { return order.DecideRenew(o, d, device.Renew{}) }
	}
	there := domaintest.Given(t, device.Evolve, registered(customer))
	there.When(renew(given(t, ordered).State)).ThenRefused(order.CodeNotOpen)
	done := there.When(renew(o)).Then(device.ServiceRenewed{
		Device: one.Device, Renewal: uid, Term: "P1Y", OldEnd: end, NewEnd: calendar.On(2027, 11, 30), AnchorDay: 30, OrderNumber: "PO-1",
	})
	done.When(renew(o)).Then()
	done.When(renew(given(t, ordered, order.RenewalOrderApplied{Devices: results(one)}).State)).Then()
	domaintest.Given(t, device.Evolve, registered(other)).When(renew(o)).ThenRefused(order.CodeDeviceMoved)
	elsewhere := registered(customer)
	elsewhere.Device = uuid.UUID{7}
	domaintest.Given(t, device.Evolve, elsewhere).When(renew(o)).ThenRefused(order.CodeNotInOrder)
	domaintest.Given(t, device.Evolve, registered(customer), device.Retired{Device: one.Device}).When(renew(o)).ThenRefused(device.CodeRetired)
}
