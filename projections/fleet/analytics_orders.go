package fleet

// Views of what was ordered and granted. Notes and reasons are left out: people
// write into them what they like.

var renewalOrders = view{
	Name: "orders",
	Comment: "Every renewal that was ordered: a row for each device of an order, whatever became of it. " +
		"Renewals from before there were orders are applied ones; those that devices do by themselves are not among them.",
	Columns: []column{
		{"uid", "r.uid", "Identifier of the order, one for all devices of a request."},
		{"device_uid", "o.device", "The device."},
		{"serial_number", "d.serial_number", "Its serial number."},
		{"model", "d.model", "Its model."},
		{"state", "o.status", "ordered, applied, declined, withdrawn or reversed."},
		{"account_uid", "o.account", "The account that had the device when it was ordered for."},
		{"account_name", "a.name", "Name of that account today."},
		{"ordered_by_uid", "r.account", "The account that ordered; empty: the operator."},
		{"ordered_by_name", "b.name", "Name of that account today."},
		{"ordered_by_type", "b.type", "reseller, or standard for an account that orders for itself."},
		{"term", "nullif(r.term, '')", "The term ordered, such as P1Y; empty: up to a date, or for an offer alone."},
		{"until", "r.until", "The date ordered."},
		{"align_to", "nullif(r.align, '')", "What the ends of service were to be aligned to: latest, majority, monthEnd or a date."},
		{"offer", "nullif(r.offer, '')", "The offer ordered; empty: the device keeps its own."},
		{"order_number", "nullif(r.number, '')", "Number of the purchase order."},
		{"ordered_at", "r.ordered_at", "When it was ordered."},
		{"applied_at", "o.applied_at", "When the device was renewed, also if that was reversed later; empty: it was not."},
	},
	From: "FROM renewal_devices o JOIN renewals r ON r.uid = o.renewal" + named("a", "o.account") + named("b", "r.account") +
		" LEFT JOIN device_versions d ON d.uid = o.device AND " + current("d"),
}

var allocations = view{
	Name:    "allocations",
	Comment: "Every service allocation that the operator granted to a device.",
	Columns: []column{
		{"uid", "g.uid", "Identifier of the grant."},
		{"device_uid", "g.device", "The device."},
		{"serial_number", "g.serial_number", "Its serial number."},
		{"model", "d.model", "Its model."},
		{"account_uid", "g.account", "The account that had the device then."},
		{"account_name", "a.name", "Name of that account today."},
		{"old_end", "g.old_end", "Last day of service before."},
		{"until", "g.until", "Last day of the allocation."},
		{"parked", "g.parked", "It waits until the device leaves the reseller's account; else it was in force at once."},
		{"granted_at", "g.granted_at", "When it was granted."},
	},
	From: "FROM allocations g" + named("a", "g.account") + " LEFT JOIN device_versions d ON d.uid = g.device AND " + current("d"),
}
