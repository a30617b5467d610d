package device_test

import (
	"testing"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// What decides can be asked for.
func TestWhatDecides(t *testing.T) {
	t.Parallel()
	number := func(n string) func(*device.Renew) { return func(r *device.Renew) { r.OrderNumber = n } }
	born := given(t).When(register(customer, day0, func(c *device.Register) { c.OrderNumber = "PO-0" })).ThenDone()
	bought := born.When(order(1, day0, term("P1Y"), number("PO-1"))).ThenDone()
	lent := bought.When(transfer(customer, reseller, day0)).ThenDone()
	year, two := on(2027, 11, 23), on(2028, 11, 23)
	for name, c := range map[string]struct {
		s                device.State
		included, parked calendar.Date
		allocation       device.Source
		until            calendar.Date
		number           string
		renews           bool
	}{
		"never registered": {},
		"a customer's":     {born.State, year, 0, device.SourceIncluded, year, "PO-0", false},
		"renewed":          {bought.State, year, 0, device.SourcePurchased, two, "PO-1", false},
		"renewed again":    {bought.When(order(2, day0, term("P1Y"))).ThenDone().State, year, 0, device.SourcePurchased, on(2029, 11, 23), "PO-1", false},
		"taken back":       {bought.When(reverseRenewal(1, 1)).ThenDone().State, year, 0, device.SourceIncluded, year, "PO-0", false},
		"granted":          {born.When(grant(1, day0, two)).ThenDone().State, year, 0, device.SourceGranted, two, "PO-0", false},
		"at a reseller's":  {lent.State, year, two, device.SourcePurchased, two, "PO-1", true},
		"retired there":    {lent.When(retire).ThenDone().State, year, two, device.SourcePurchased, two, "PO-1", false},
		"a reseller's":     {registered(t, reseller).State, year, 0, device.SourceIncluded, year, "", true},
	} {
		a := c.s.Allocation()
		if c.s.IncludedUntil() != c.included || c.s.ParkedUntil() != c.parked || a.Source != c.allocation || a.Until != c.until ||
			c.s.OrderNumber() != c.number || c.s.AutoRenews() != c.renews {
			t.Errorf("%s: included until %v, parked until %v, %+v, order %q, renews %v", name,
				c.s.IncludedUntil(), c.s.ParkedUntil(), a, c.s.OrderNumber(), c.s.AutoRenews())
		}
	}
}
