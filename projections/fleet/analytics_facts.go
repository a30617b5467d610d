package fleet

import (
	"github.com/fleetledger/fleetledger/domain/account"
)

// Views of what has happened, rather than of what is.

var transfers = view{
	Name:    "transfers",
	Comment: "Every transfer of a device from one account to another: a row for each device, those that were taken back too.",
	Columns: []column{
		{"uid", "t.transfer", "Identifier of the transfer, one for all devices of a request."},
		{"device_uid", "t.device", "The device."},
		{"serial_number", "d.serial_number", "Its serial number."},
		{"model", "d.model", "Its model."},
		{"transferred_at", "t.at", "When it was transferred."},
		{"from_uid", "t.source", "The account that had the device."},
		{"from_name", "s.name", "Name of that account today."},
		{"to_uid", "t.target", "The account that got it."},
		{"to_name", "g.name", "Name of that account today."},
		{"reseller_uid", "CASE WHEN s.type = '" + string(account.Reseller) + "' THEN s.uid WHEN g.type = '" + string(account.Reseller) + "' THEN g.uid END",
			"The reseller of the two."},
		{"to_customer", "g.type = '" + string(account.Standard) + "'", "The device went from the reseller to a customer; else it came back."},
		{"reversed_at", "t.reversed_at", "When the transfer was taken back; empty: it was not."},
	},
	From: "FROM transfers t" + named("s", "t.source") + named("g", "t.target") +
		" LEFT JOIN device_versions d ON d.uid = t.device AND " + current("d"),
}

var monthlyNotices = view{
	Name: "notices",
	Comment: "Every monthly notice of renewals: a row for each reseller, customer and month, those that were skipped too. " +
		"Whom it went to is not shown.",
	Columns: []column{
		{"uid", "n.uid", "Identifier of the notice."},
		{"reseller_uid", "n.reseller", "The reseller whose administrators get it."},
		{"reseller_name", "r.name", "Name of the reseller today."},
		{"customer_uid", "n.customer", "The customer whose devices it lists."},
		{"customer_name", "c.name", "Name of the customer today."},
		{"day", "n.on_day", "The day that it counts from, the first of a month."},
		{"decided_at", "n.at", "When it was prepared or skipped."},
		{"skipped_because", "nullif(n.reason, '')", "Why there was none; empty: there was."},
		{"devices", "n.total", "Devices listed."},
		{"expired", "n.expired", "Those of them whose services had ended."},
		{"acknowledged_before", "n.seen_before", "Those of them that somebody had acknowledged before."},
		{"auto_renewing", "n.auto_renewing", "Devices listed apart, as they renew by themselves."},
		{"mails", "n.mails", "Mails of it, digests included."},
		{"sent", "n.sent", "Mails that were sent."},
		{"failed", "n.failed", "Mails that could not be delivered."},
		{"acknowledged_at", "n.seen_at", "When somebody acknowledged it; empty: nobody did."},
	},
	From: "FROM notices n" + named("r", "n.reseller") + named("c", "n.customer"),
}

var registrationsByMonth = view{
	Name: "registrations_by_month",
	Comment: "How many devices were registered in a month (UTC), by the partner that registered them: the account of the user or token that did. " +
		"A device that is registered again, after it was retired or released, counts again.",
	Columns: []column{
		{"partner_uid", "r.partner", "Account of whoever registered the devices; empty: the operator."},
		{"partner_name", "p.name", "Its name today."},
		{"partner_type", "p.type", "reseller, or standard for an account that registers for itself."},
		{"month", "r.month", "First day of the month."},
		{"registrations", "r.registrations", "Devices registered."},
		{"into_own_account", "r.own", "Those of them that the partner registered into its own account."},
		{"accounts", "r.accounts", "How many accounts got some."},
	},
	From: "FROM (SELECT partner, " + monthOf("at") + " AS month, count(*) AS registrations, count(*) FILTER (WHERE account = partner) AS own, " +
		"count(DISTINCT account) AS accounts FROM registrations GROUP BY 1, 2) r" + named("p", "r.partner"),
}

// monthOf is the first day of the month (UTC) of an instant.
func monthOf(instant string) string {
	return "date_trunc('month', " + instant + " AT TIME ZONE 'UTC')::date"
}

var activationFunnel = view{
	Name: "activation_funnel",
	Comment: "What became of the accounts that were created in a month (UTC), by reseller: created is the sum of activated, pending, expired and closed. " +
		"An account that was activated counts as such whatever came after.",
	Columns: []column{
		{"month", "f.month", "First day of the month in which the accounts were created."},
		{"reseller_uid", "f.reseller", "The reseller that created them as its customers; empty: the operator did."},
		{"reseller_name", "r.name", "Its name today."},
		{"created", "f.created", "Accounts created."},
		{"activated", "f.activated", "Those that were activated."},
		{"pending", "f.pending", "Those that still can be, by their invitation."},
		{"expired", "f.expired", "Those whose invitation has run out."},
		{"closed", "f.closed", "Those closed without having been activated."},
		{"days_to_activate", "f.days", "Days from creation to activation, on average; empty: none was activated."},
	},
	From: "FROM (SELECT month, reseller, count(*) AS created, count(activated_at) AS activated, " +
		never(account.Pending) + " AS pending, " + never(account.Expired) + " AS expired, " + never(account.Closed) + " AS closed, " +
		"round((avg(extract(epoch FROM activated_at - created_at)) / 86400)::numeric, 2) AS days FROM (" +
		"SELECT " + monthOf("a.created_at") + " AS month, a.reseller, a.created_at, " + statusAt("a", now) + " AS status, " +
		"(SELECT min(v.valid_from) FROM account_versions v WHERE v.uid = a.uid AND v.status = '" + string(account.Activated) + "') AS activated_at " +
		"FROM account_versions a WHERE " + current("a") + ") a GROUP BY 1, 2) f" + named("r", "f.reseller"),
}

// never counts accounts of a status that were never activated.
func never(status account.Status) string {
	return "count(*) FILTER (WHERE activated_at IS NULL AND status = '" + string(status) + "')"
}
