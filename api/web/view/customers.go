package view

import (
	"strconv"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Customers is the Customers page: a reseller's customers on a day.
type Customers struct {
	Frame  Frame
	List   openapi.CustomerList
	Search string
	Sort   string
	From   int    // number of the first row
	Ahead  *Ahead // nil: it follows
	Views  Views
}

// none reports whether there are no customers at all, rather than none that were looked for.
func (c Customers) none() bool {
	return c.List.Total == 0 && c.Search == "" && c.Frame.Query.Get("status") == ""
}

// customerOrders are the orders that the phone offers, where the headers are out of
// sight.
var customerOrders = []struct{ key, name string }{
	{"initialRenewal", "Initial Renewal, soonest first"},
	{"name", "Name"},
	{"-totalSystems", "Total Systems, most first"},
	{"-expired", "Expired, most first"},
	{"-lastLogin", "Last Login Date, latest first"},
}

// orderName says how the list is ordered.
func (c Customers) orderName() string {
	for _, o := range customerOrders {
		if o.key == c.Sort {
			return o.name
		}
	}
	return "as chosen"
}

// devices is a link to devices of a customer.
func (c Customers) devices(customer openapi.Customer, pairs ...string) string {
	return c.Frame.At("/devices", append(pairs, "account", customer.Uid.String())...)
}

// others are the administrators behind the first.
func others(customer openapi.Customer) string {
	return "+" + strconv.Itoa(len(customer.Administrators.Items)-1)
}

// loginDay is the day of a sign-in.
func loginDay(at *time.Time) calendar.Date {
	if at == nil {
		return 0
	}
	return calendar.DateOf(*at)
}

// called is what a person is called by.
func called(p openapi.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}
