package view

// place is an entry of the navigation.
type place struct{ name, path string }

// places are what the reader can open.
func places(f Frame) []place {
	if f.Operator() {
		return []place{
			{"Accounts", "/accounts"}, {"Devices", "/devices"}, {"Register", "/register"}, {"Orders", "/orders"},
			{"Grants", "/grants"}, {"Catalogue", "/catalogue"}, {"Audits", "/audits"}, {"Outbox", "/outbox"}, {"Projections", "/projections"},
		}
	}
	if f.Auditor() {
		return []place{{"Accounts", "/accounts"}, {"Devices", "/devices"}}
	}
	var all []place
	if f.Reseller() && f.May("customers.read") {
		all = append(all, place{"Customers", "/"})
	}
	all = append(all, place{"Devices", "/devices"}, place{"Register", "/register"})
	if f.Reseller() {
		all = append(all, place{"Transfer", "/transfer"})
	}
	all = append(all, place{"Orders", "/orders"}, place{"Partners", "/partners"})
	if f.Reseller() {
		all = append(all, place{"Notices", "/notices"})
	}
	return append(all, place{"Administration", "/administration"})
}

// title tells the day, too, where it is not today.
func title(f Frame) string {
	if f.Present() {
		return f.Title + " – Fleetledger"
	}
	return f.Title + " on " + f.AsOf.String() + " – Fleetledger"
}

// when is the class of a page that does not show today.
func when(f Frame) string {
	switch {
	case f.Present():
		return ""
	case f.Future():
		return "future"
	default:
		return "past"
	}
}
