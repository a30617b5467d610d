package fleet

import (
	"fmt"
	"strings"

	"github.com/fleetledger/fleetledger/projections"
)

// asOf declares the functions that answer for an instant, T, of the service's time: what
// the views of now show, as it was then.
func (a Analytics) asOf() []projections.Function {
	return []projections.Function{
		versionsAsOf("accounts", accountHistory),
		versionsAsOf("devices", a.deviceHistory()),
		versionsAsOf("partnerships", partnershipHistory),
		a.customersAsOf(),
	}
}

// versionsAsOf chooses the versions of a history that held at T.
func versionsAsOf(what string, history view) projections.Function {
	from := AnalyticsSchema + "." + history.Name
	return projections.Function{
		Name: what + "_as_of", Arguments: "t timestamptz", Returns: "SETOF " + from,
		Comment: fmt.Sprintf("The %s as they were at T: the rows of %s that held then.", what, history.Name),
		SQL:     "SELECT * FROM " + from + " WHERE valid_from <= t AND (valid_to IS NULL OR valid_to > t)",
	}
}

// customersAsOf counts the Customers page of then, from the versions of then. The
// windows count from the UTC date of T.
func (a Analytics) customersAsOf() projections.Function {
	const due = "d.life_cycle_state <> 'retired' AND NOT d.auto_renew"
	columns := []string{
		"reseller_uid uuid", "reseller_name text", "uid uuid", "name text", "total_systems bigint", "active_systems bigint",
		"initial_renewal date", "renewal_systems bigint", "last_renewal date",
	}
	counts := []string{
		"count(*) FILTER (WHERE d.life_cycle_state <> 'retired')",
		"count(*) FILTER (WHERE d.life_cycle_state = 'active')",
		"min(d.service_end) FILTER (WHERE " + due + " AND d.service_end >= day.today)",
		"(count(*) FILTER (WHERE " + due + " AND d.service_end = d.initial_renewal))",
		"max(d.service_end) FILTER (WHERE " + due + " AND d.service_end >= day.today)",
	}
	for _, w := range a.Windows {
		columns = append(columns, w.Name+" bigint")
		counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE %s AND d.service_end BETWEEN day.today + %d AND day.today + %d)", due, w.FromDay, w.ToDay))
	}
	columns = append(columns, "expired bigint", "auto_renewing bigint", "partner_profile text")
	counts = append(counts,
		"count(*) FILTER (WHERE "+due+" AND d.service_end < day.today)",
		"count(*) FILTER (WHERE d.life_cycle_state <> 'retired' AND d.auto_renew)")
	s := AnalyticsSchema
	return projections.Function{
		Name: "customers_as_of", Arguments: "t timestamptz", Returns: "TABLE (" + strings.Join(columns, ", ") + ")",
		Comment: "The Customers page as it was at T: a row for each partnership that was in force, with the counts of the customer's devices of then.",
		SQL: `SELECT p.reseller_uid, p.reseller_name, c.uid, c.name, ` + strings.Join(counts, ", ") + `, p.partner_profile
			FROM ` + s + `.partnerships_as_of(t) p
			JOIN ` + s + `.accounts_as_of(t) c ON c.uid = p.customer_uid
			CROSS JOIN (SELECT (t AT TIME ZONE 'UTC')::date AS today) day
			LEFT JOIN (SELECT d.*, min(d.service_end) FILTER (WHERE ` + due + ` AND d.service_end >= (t AT TIME ZONE 'UTC')::date)
				OVER (PARTITION BY d.account_uid) AS initial_renewal FROM ` + s + `.devices_as_of(t) d) d ON d.account_uid = c.uid
			WHERE NOT p.ended AND (p.until IS NULL OR p.until > t)
			GROUP BY p.uid, p.reseller_uid, p.reseller_name, c.uid, c.name, p.partner_profile`,
	}
}
