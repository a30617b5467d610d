package fleet

import (
	"fmt"
	"strings"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
)

// Analytics makes the views that analysts read with SQL: the words of the API
// in snake_case, each view and column with a comment that says what it is
// (\d+ analytics.*). They hold no personal data and nothing secret: no names or
// addresses of people, no hashes, no folded states. The columns of a view are a
// promise; a file of the tests notices when they change.
//
// What follows from the configuration, the warranty and the windows, is written
// into the views and not into rows: it changes with the configuration at once,
// as the API's answers do.
type Analytics struct {
	Rules   device.Rules
	Windows query.Windows
	Role    string // of analysts
}

// AnalyticsSchema is where analysts find the views.
const AnalyticsSchema = "analytics"

// view and column are those of package projections, in short.
type (
	view struct {
		Name, Comment string
		Columns       []column
		From          string
	}
	column struct{ Name, SQL, Comment string }
)

func (v view) declared() projections.View {
	d := projections.View{Name: v.Name, Comment: v.Comment, From: v.From}
	for _, c := range v.Columns {
		d.Columns = append(d.Columns, projections.Column(c))
	}
	return d
}

// Views declares them.
func (a Analytics) Views() *projections.Views {
	all := &projections.Views{
		Schema: AnalyticsSchema,
		Comment: "What analysts read: the fleet as it is and was, without personal data. " +
			"The comments of the views and their columns explain them: \\d+ analytics.*",
		Role: a.Role,
	}
	for _, v := range []view{
		clock, accounts, accountHistory, a.devices(), a.deviceHistory(), partnerships, partnershipHistory,
		a.customers(), renewalsByDay, renewalsByMonth, a.renewalWindows(), userCounts,
		transfers, renewalOrders, allocations, monthlyNotices, registrationsByMonth, activationFunnel,
	} {
		all.Views = append(all.Views, v.declared())
	}
	all.Functions = a.asOf()
	return all
}

// What "now" and "today" are: the database's clock, moved ahead where the
// sandbox clock was.
const (
	now = `(now() + coalesce((SELECT value::bigint / 1000 FROM ops.settings WHERE key = 'sandbox-clock'), 0) * interval '1 microsecond')`
	// today is the UTC date that terms and windows are counted from.
	today = `(` + now + ` AT TIME ZONE 'UTC')::date`
)

var clock = view{
	Name:    "clock",
	Comment: "What these views take for now: the database's clock, moved ahead where this is a sandbox whose clock was.",
	Columns: []column{
		{"now", now, "The instant that expiry of invitations and ends of partnerships go by."},
		{"today", today, "The UTC date that service status, renewal windows and counts of renewals go by."},
	},
}

// named joins the account of a column, as it is now.
func named(alias, column string) string {
	return " LEFT JOIN account_versions " + alias + " ON " + alias + ".uid = " + column + " AND " + current(alias)
}

var accounts = view{
	Name:    "accounts",
	Comment: "The accounts as they are: companies on the platform.",
	Columns: []column{
		{"uid", "a.uid", "Formal identifier of the account, never reused."},
		{"name", "a.name", "Name of the company, unique among accounts that are not closed for good."},
		{"type", "a.type", "reseller or standard."},
		{"status", statusAt("a", now), "pending, active, expired (never activated in time) or closed."},
		{"offers", "a.offers", "Offers that devices of the account may run on."},
		{"billing", "a.billing", "prepaid (through the partner) or direct."},
		{"reseller_uid", "a.reseller", "The reseller that created the account as its customer; empty: the operator did."},
		{"created_at", "a.created_at", "When the account was created."},
		{"invitation_expires", "a.invitation_expires", "Until when the first administrator can activate the account, or could."},
		{"total_systems", "coalesce(n.total, 0)", "Devices in the account, retired ones left out."},
		{"active_systems", "coalesce(n.active, 0)", "Those of them whose life-cycle state is active."},
	},
	From: "FROM account_versions a LEFT JOIN account_counts n ON n.account = a.uid WHERE " + current("a"),
}

var accountHistory = view{
	Name:    "account_history",
	Comment: "Every version of every account, by when it happened. As of T: accounts_as_of(T).",
	Columns: append(validity("a"), []column{
		{"uid", "a.uid", "Formal identifier of the account, never reused."},
		{"name", "a.name", "Name of the company."},
		{"type", "a.type", "reseller or standard."},
		{"status", "a.status", "pending, active or closed. One that is pending has expired from invitation_expires on."},
		{"offers", "a.offers", "Offers that devices of the account may run on."},
		{"billing", "a.billing", "prepaid (through the partner) or direct."},
		{"reseller_uid", "a.reseller", "The reseller that created the account as its customer; empty: the operator did."},
		{"created_at", "a.created_at", "When the account was created."},
		{"invitation_expires", "a.invitation_expires", "Until when the first administrator can activate the account, or could."},
	}...),
	From: "FROM account_versions a",
}

// deviceColumns are what a device is, whenever. Where it is now, more is to be
// said of its account and the status of its services.
func (a Analytics) deviceColumns(account, status []column) []column {
	columns := []column{
		{"uid", "d.uid", "Identifier of the device, which follows from its serial number."},
		{"serial_number", "d.serial_number", "Unique on the platform."},
	}
	for _, kind := range []device.FactorKind{device.IMEI, device.MAC, device.ESN} {
		columns = append(columns, column{string(kind), "CASE d.factor_kind WHEN '" + string(kind) + "' THEN d.factor END",
			strings.ToUpper(string(kind)) + " of the device, if that is its second identifying factor; each device has one."})
	}
	supported := "d.offer IN ('" + string(catalogue.Complete) + "', '" + string(catalogue.Premium) + "')"
	columns = append(columns,
		column{"model", "d.model", "Model, as in the catalogue."},
		column{"name", "d.name", "Name, unique in the account."},
		column{"labels", "d.labels", "Labels."},
		column{"account_uid", "d.account", "The account that holds the device."})
	columns = append(append(columns, account...),
		column{"life_cycle_state", "d.life_cycle", "inventory, active, suspended or retired. Expiry of services does not change it."},
		column{"offer", "d.offer", "The offer that the device runs on."},
		column{"offer_type", "d.offer", "basic, complete or premium."},
		column{"first_registered", "d.first_registered", "Date of the first registration anywhere."},
		column{"service_start", "d.service_start", "First day of the service term."},
		column{"service_end", "d.service_end", "Last day of service."})
	return append(append(columns, status...),
		column{"support_expiry", "CASE WHEN " + supported + " THEN d.service_end END", "Last day of support: the service end for complete and premium, none for basic."},
		column{"warranty_end", a.warrantyEnd(supported), fmt.Sprintf(
			"Last day of the warranty: %d months from the first registration; for complete and premium it follows the service end, up to %d months.",
			a.Rules.WarrantyMonths, a.Rules.WarrantyCap)},
		column{"auto_renew", "d.auto_renew", "The term renews by itself at no cost, as it does in reseller accounts."},
		column{"revision", "d.revision", "Number of the device's last event, counted from 0."},
	)
}

// warrantyEnd is device.State.Dates in SQL; a property test compares the two.
// Months are added as calendar.Date.AddMonths does, not leaving the month.
func (a Analytics) warrantyEnd(supported string) string {
	months := func(n int) string {
		return fmt.Sprintf("(d.first_registered + make_interval(months => %d))::date", n)
	}
	return fmt.Sprintf("greatest(%s, CASE WHEN %s THEN least(d.service_end, %s) END)",
		months(a.Rules.WarrantyMonths), supported, months(a.Rules.WarrantyCap))
}

func (a Analytics) devices() view {
	return view{
		Name:    "devices",
		Comment: "The devices as they are, retired ones too.",
		Columns: append(a.deviceColumns(
			[]column{{"account_name", "a.name", "Name of that account."}},
			[]column{{"service_status", fmt.Sprintf("CASE WHEN %s THEN CASE WHEN %s THEN '%s' ELSE '%s' END END",
				inService("d"), a.windows().expired("d.service_end"), device.ServiceExpired, device.ServiceActive),
				"active up to the last day of service, then expired; empty for a retired device."}},
		), column{"changed_at", "d.valid_from", "When the device was changed last."}),
		From: "FROM device_versions d" + named("a", "d.account") + " WHERE " + current("d"),
	}
}

// validity are the columns that a history has besides.
func validity(alias string) []column {
	return []column{
		{"valid_from", alias + ".valid_from", "From when this version holds, by the service's clock when it happened."},
		{"valid_to", "nullif(" + alias + ".valid_to, 'infinity')", "From when the next version holds; empty: this is the current one."},
	}
}

func (a Analytics) deviceHistory() view {
	return view{
		Name: "device_history",
		Comment: "Every version of every device, by when it happened. As of T: " +
			"valid_from <= T AND (valid_to IS NULL OR valid_to > T).",
		Columns: append(validity("d"), a.deviceColumns(nil, nil)...),
		From:    "FROM device_versions d",
	}
}

var partnershipColumns = []column{
	{"uid", "p.uid", "Identifier of the partnership."},
	{"reseller_uid", "p.reseller", "The reseller's account."},
	{"reseller_name", "r.name", "Name of the reseller today."},
	{"customer_uid", "p.customer", "The customer's account."},
	{"customer_name", "c.name", "Name of the customer today."},
	{"partner_profile", "p.profile", "Profile that the reseller's users get in the customer's account."},
	{"until", "nullif(p.until, 'infinity')", "When the partnership ends by itself; empty: not at all."},
}

var partnershipAccounts = "FROM partnership_versions p" + named("r", "p.reseller") + named("c", "p.customer")

// partnersNow is the condition that two accounts are partners now.
var partnersNow = current("p") + " AND NOT p.ended AND p.until > " + now

var partnerships = view{
	Name:    "partnerships",
	Comment: "The partnerships in force between resellers and their customers.",
	Columns: partnershipColumns,
	From:    partnershipAccounts + " WHERE " + partnersNow,
}

var partnershipHistory = view{
	Name:    "partnership_history",
	Comment: "Every version of every partnership, by when it happened, ended ones too.",
	Columns: append(append(validity("p"), partnershipColumns...), column{"ended", "p.ended", "The partnership was ended."}),
	From:    partnershipAccounts,
}

// windows are those that the views count in.
func (a Analytics) windows() windows { return windows{today: today, spans: a.Windows} }

func (a Analytics) customers() view {
	columns := []column{
		{"reseller_uid", "p.reseller", "The reseller whose customer it is."},
		{"reseller_name", "r.name", "Name of the reseller."},
		{"uid", "c.uid", "The customer's account."},
		{"name", "c.name", "Name of the customer."},
		{"status", statusAt("c", now), "Status of the customer's account: pending, active, expired or closed."},
		{"total_systems", "coalesce(n.total, 0)", "Devices of the customer, retired ones left out."},
		{"active_systems", "coalesce(n.active, 0)", "Those of them whose life-cycle state is active."},
		{"initial_renewal", "d.initial", "The first day, from today on, on which services end."},
		{"renewal_systems", "coalesce(d.renewal_systems, 0)", "How many devices' services end on that day."},
		{"last_renewal", "d.last", "The last day on which services end, from today on."},
	}
	for i, w := range a.Windows {
		columns = append(columns, column{w.Name, fmt.Sprintf("coalesce(d.window%d, 0)::bigint", i),
			fmt.Sprintf("Devices whose services end %d to %d days from today.", w.FromDay, w.ToDay)})
	}
	return view{
		Name: "customers",
		Comment: "The Customers page: a row for each partnership in force, with the counts of the customer's devices. " +
			"Renewals count devices that are not retired and do not renew by themselves.",
		Columns: append(columns,
			column{"expired", "coalesce(d.expired, 0)::bigint", "Devices whose services have ended before today."},
			column{"auto_renewing", "coalesce(n.auto_renewing, 0)", "Devices whose term renews by itself."},
			column{"partner_profile", "p.profile", "Profile that the reseller's users get in the customer's account."},
		),
		From: `FROM partnership_versions p JOIN account_versions c ON c.uid = p.customer AND ` + current("c") + named("r", "p.reseller") + `
			LEFT JOIN account_counts n ON n.account = c.uid ` + accountDays("c.uid") + `
			CROSS JOIN LATERAL (` + a.windows().ofAccount() + `) d
			WHERE ` + partnersNow,
	}
}

var renewalsByDay = view{
	Name:    "renewals_by_day",
	Comment: "How many devices' services end on a day, for each account. Retired devices are left out.",
	Columns: []column{
		{"account_uid", "s.account", "The account that holds the devices."},
		{"account_name", "a.name", "Its name."},
		{"service_end", "s.service_end", "Last day of service."},
		{"auto_renew", "s.auto_renew", "Whether the term renews by itself on that day."},
		{"devices", "s.count", "How many devices."},
	},
	From: "FROM service_days s" + named("a", "s.account"),
}

var renewalsByMonth = view{
	Name:    "renewals_by_month",
	Comment: "How many devices' services end in a month, for each account. Retired devices are left out.",
	Columns: []column{
		{"account_uid", "s.account", "The account that holds the devices."},
		{"account_name", "a.name", "Its name."},
		{"month", "s.month", "First day of the month."},
		{"auto_renew", "s.auto_renew", "Whether the terms renew by themselves then."},
		{"devices", "s.devices", "How many devices."},
	},
	From: "FROM (SELECT account, date_trunc('month', service_end::timestamp)::date AS month, auto_renew, sum(count)::bigint AS devices " +
		"FROM service_days GROUP BY 1, 2, 3) s" + named("a", "s.account"),
}

func (a Analytics) renewalWindows() view {
	rows := make([]string, len(a.Windows))
	for i, w := range a.Windows {
		rows[i] = fmt.Sprintf("('%s', '%s', %d, %d, d.window%d)", w.Name, w.Colour, w.FromDay, w.ToDay, i)
	}
	return view{
		Name: "renewal_windows",
		Comment: "For each account and renewal window the devices whose services end within it; " +
			"retired devices and those that renew by themselves do not count.",
		Columns: []column{
			{"account_uid", "a.uid", "The account that holds the devices."},
			{"account_name", "a.name", "Its name."},
			{"name", "w.name", "Name of the window."},
			{"colour", "w.colour", "Colour of its circle."},
			{"from_date", today + " + w.from_day", "First day of the window."},
			{"to_date", today + " + w.to_day", "Last day of the window."},
			{"devices", "coalesce(w.devices, 0)::bigint", "How many devices."},
		},
		From: "FROM account_versions a " + accountDays("a.uid") + " CROSS JOIN LATERAL (" + a.windows().ofAccount() + ") d CROSS JOIN LATERAL (VALUES " +
			strings.Join(rows, ", ") + ") w (name, colour, from_day, to_day, devices) WHERE " + current("a"),
	}
}

var userCounts = view{
	Name:    "user_counts",
	Comment: "How many users an account has in each status. Their names are not shown.",
	Columns: []column{
		{"account_uid", "u.account", "The users' account."},
		{"account_name", "a.name", "Its name."},
		{"status", "u.status", "pending, active, expired (did not accept the invitation in time), deactivated or revoked."},
		{"users", "u.users", "How many users."},
	},
	From: "FROM (SELECT u.account, " + statusAt("u", now) + " AS status, count(*) AS users FROM user_versions u WHERE " + current("u") +
		" GROUP BY 1, 2) u" + named("a", "u.account"),
}
