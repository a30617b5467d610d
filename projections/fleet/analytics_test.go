package fleet_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// The columns of the views are a promise to analysts' queries, and each is
// explained. Columns may be added; whoever takes one away or changes its type
// breaks somebody's query.
func TestAnalyticsColumns(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	rows, err := m.pool.Query(t.Context(), `SELECT concat_ws(' ', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)),
			coalesce(col_description(c.oid, a.attnum), ''), coalesce(obj_description(c.oid), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace = 'analytics'::regnamespace ORDER BY c.relname, a.attnum`)
	require.NoError(t, err)
	var columns strings.Builder
	var line, about, aboutView string
	_, err = pgx.ForEachRow(rows, []any{&line, &about, &aboutView}, func() error {
		columns.WriteString(line + "\n")
		require.NotEmpty(t, about, line)
		require.NotEmpty(t, aboutView, line)
		return nil
	})
	require.NoError(t, err)
	for _, f := range readModel().Views.Functions {
		columns.WriteString(f.Name + "(" + f.Arguments + ") " + f.Returns + "\n")
		require.NotEmpty(t, f.Comment, f.Name)
	}
	const file = "testdata/analytics.txt"
	if *fleet.Update {
		require.NoError(t, os.WriteFile(file, []byte(columns.String()), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), columns.String())
}

// Analysts may read the views, and there is nothing else that they may.
func TestAnalystsReadTheViewsOnly(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	const privileges = `SELECT coalesce(array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relname COLLATE "C"), '{}') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND `
	list := func(condition string) (names []string) {
		require.NoError(t, m.pool.QueryRow(t.Context(), privileges+condition, analysts.Group).Scan(&names))
		return names
	}
	readable := list(`has_schema_privilege($1, n.oid, 'USAGE') AND has_table_privilege($1, c.oid, 'SELECT')`)
	var views []string
	for _, v := range readModel().Views.Views {
		views = append(views, "analytics."+v.Name)
	}
	slices.Sort(views)
	require.Equal(t, views, readable)
	require.Empty(t, list(`has_table_privilege($1, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')`))
	var creates int
	require.NoError(t, m.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE has_schema_privilege($1, oid, 'CREATE')`, analysts.Group).Scan(&creates))
	require.Zero(t, creates)

	asAnalyst := func(sql string) error {
		return pgx.BeginFunc(t.Context(), m.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE `+analysts.Group); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
	}
	for _, v := range views {
		require.NoError(t, asAnalyst(`SELECT * FROM `+v), v)
	}
	for _, f := range readModel().Views.Functions {
		require.NoError(t, asAnalyst(`SELECT * FROM analytics.`+f.Name+`(now())`), f.Name)
	}
	for _, sql := range []string{
		`SELECT * FROM ops.settings`, `SELECT * FROM ops.person_keys`, `SELECT * FROM ops.sessions`, `SELECT * FROM ` + schema + `.device_versions`,
		`UPDATE analytics.renewals_by_day SET devices = 0`, `DELETE FROM analytics.partnerships`, `CREATE TABLE analytics.mine ()`,
		`CREATE TABLE public.mine ()`, `CREATE SCHEMA mine`, `CREATE ROLE mine`, `DROP VIEW analytics.devices`,
	} {
		require.ErrorContains(t, asAnalyst(sql), "ERROR", sql)
	}
}

// sandboxTime sets the time that the views go by.
func (m *model) sandboxTime(t require.TestingT, at time.Time) {
	_, err := m.pool.Exec(context.Background(), `INSERT INTO ops.settings (key, value) VALUES ('sandbox-clock', to_jsonb($1::bigint))
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, int64(time.Until(at)))
	require.NoError(t, err)
}

// lines are the rows of a query as text.
func (m *model) lines(t require.TestingT, sql string, args ...any) []string {
	rows, err := m.pool.Query(context.Background(), sql, args...)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return joined(values...), err
	})
	require.NoError(t, err)
	return append([]string(nil), all...) // none is nil
}

func joined(values ...any) string {
	words := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
		case time.Time:
			words[i] = v.Format(calendar.Layout)
		case [16]byte:
			words[i] = uuid.UUID(v).String()
		default:
			words[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(words, " | ")
}

// Whatever happens: the numbers of the views are those of the API, whose dates
// are derived by the domain, now and in the past.
func TestAnalyticsAreWhatTheAPIShows(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	rapid.Check(t, func(t *rapid.T) {
		m.empty(t)
		d := rapidDraw(t)
		w := newWorld(d, 1+d(6))
		for range d(60) {
			w.step()
		}
		m.whenProjected(t, w.history)
		today := day0 + calendar.Date(d(20))
		at := today.Time().Add(time.Duration(d(24*60)) * time.Minute)
		m.sandboxTime(t, at)
		compareCustomers(t, m, w, at)
		compareDevices(t, m, query.DeviceQuery{Page: query.Page{Sort: []string{"serialNumber"}}}, today,
			`SELECT uid, serial_number, imei, mac, esn, model, name, labels, account_uid, account_name, life_cycle_state, offer, offer_type, first_registered,
				service_start, service_end, service_status, support_expiry, warranty_end, auto_renew, revision FROM analytics.devices ORDER BY serial_number`)
		then := w.happened(d(len(w.events)))
		compareDevices(t, m, query.DeviceQuery{Page: query.Page{Sort: []string{"serialNumber"}}, Freshness: query.Freshness{AsOf: then}}, 0,
			`SELECT uid, serial_number, imei, mac, esn, model, name, labels, account_uid, '', life_cycle_state, offer, offer_type, first_registered,
				service_start, service_end, '', support_expiry, warranty_end, auto_renew, revision
				FROM analytics.devices_as_of($1) ORDER BY serial_number`, then)
		compareCustomersOf(t, m, w, then, at)
	})
}

// compareCustomersOf compares the Customers page of the past, of those who are customers
// still: others the page does not show.
func compareCustomersOf(t *rapid.T, m *model, w *world, then, now time.Time) {
	page, err := m.reader.Customers(context.Background(), query.CustomerQuery{
		Reseller: w.reseller, Today: calendar.DateOf(then), Windows: testWindows, Now: now, Freshness: query.Freshness{AsOf: then},
		Page: query.Page{Sort: []string{"name"}},
	})
	require.NoError(t, err)
	var customers []string
	for _, c := range page.Items {
		customers = append(customers, joined(c.UID, c.Name, c.TotalSystems, c.ActiveSystems, c.InitialRenewal, c.RenewalSystems, c.LastRenewal,
			c.Windows[0], c.Windows[1], c.Windows[2], c.Expired, c.AutoRenewing, c.PartnerProfile.ID))
	}
	require.Empty(t, cmp.Diff(customers, m.lines(t, `SELECT uid, name, total_systems, active_systems, initial_renewal, renewal_systems, last_renewal,
		red, amber, green, expired, auto_renewing, partner_profile FROM analytics.customers_as_of($1) WHERE reseller_uid = $2
			AND uid IN (SELECT customer_uid FROM analytics.partnerships WHERE reseller_uid = $2) ORDER BY name`, then, w.reseller)))
}

func compareCustomers(t *rapid.T, m *model, w *world, at time.Time) {
	page, err := m.reader.Customers(context.Background(), query.CustomerQuery{
		Reseller: w.reseller, Today: calendar.DateOf(at), Windows: testWindows, Now: at, Page: query.Page{Sort: []string{"name"}}})
	require.NoError(t, err)
	var customers, windows, days []string
	for _, c := range page.Items {
		customers = append(customers, joined(c.UID, c.Name, c.Status, c.TotalSystems, c.ActiveSystems, c.InitialRenewal, c.RenewalSystems, c.LastRenewal,
			c.Windows[0], c.Windows[1], c.Windows[2], c.Expired, c.AutoRenewing, c.PartnerProfile.ID))
		for i, name := range []string{"red", "amber", "green"} {
			windows = append(windows, joined(c.UID, name, c.Windows[i]))
		}
		if due := c.TotalSystems - c.AutoRenewing; due > 0 {
			days = append(days, joined(c.UID, due))
		}
	}
	require.Equal(t, customers, m.lines(t, `SELECT uid, name, status, total_systems, active_systems, initial_renewal, renewal_systems, last_renewal,
		red, amber, green, expired, auto_renewing, partner_profile FROM analytics.customers WHERE reseller_uid = $1 ORDER BY name`, w.reseller))
	const partners = ` account_uid IN (SELECT customer_uid FROM analytics.partnerships WHERE reseller_uid = $1) `
	require.Equal(t, windows, m.lines(t, `SELECT account_uid, name, devices FROM analytics.renewal_windows
		WHERE`+partners+`ORDER BY account_name, from_date`, w.reseller))
	require.Equal(t, days, m.lines(t, `SELECT account_uid, sum(devices)::int FROM analytics.renewals_by_day
		WHERE NOT auto_renew AND`+partners+`GROUP BY account_uid, account_name ORDER BY account_name`, w.reseller))

	accounts, err := m.reader.Accounts(context.Background(), query.AccountQuery{Now: at})
	require.NoError(t, err)
	var want []string
	for _, a := range accounts.Items {
		counted := w.recount(a.UID, 0, time.Time{})
		want = append(want, joined(a.UID, a.Name, a.Type, a.Status, a.Offers, counted.TotalSystems, counted.ActiveSystems))
	}
	require.Equal(t, want, m.lines(t, `SELECT uid, name, type, status, offers, total_systems, active_systems FROM analytics.accounts ORDER BY name`))
}

// compareDevices takes today to be none for the past.
func compareDevices(t *rapid.T, m *model, q query.DeviceQuery, today calendar.Date, sql string, args ...any) {
	page, err := m.reader.Devices(context.Background(), q)
	require.NoError(t, err)
	var want []string
	for _, row := range page.Items {
		s, dates := row.State, row.State.Dates(device.DefaultRules)
		factor := map[device.FactorKind]string{s.Factor.Kind: s.Factor.Value}
		name, status := row.AccountName, s.ServiceStatus(today)
		if today.IsZero() {
			name, status = "", ""
		}
		want = append(want, joined(s.UID, s.SerialNumber, factor[device.IMEI], factor[device.MAC], factor[device.ESN], s.Model, s.Name, s.Labels,
			s.Account, name, s.LifeCycle, s.Service.Offer, s.Service.Offer, s.FirstRegistered, s.Service.Start, s.Service.End, status,
			dates.SupportExpiry, dates.WarrantyEnd, s.Service.AutoRenew, row.Revision))
	}
	require.Empty(t, cmp.Diff(want, m.lines(t, sql, args...)))
}

// The warranty in SQL is that of the domain, over leap years and month ends.
func TestAnalyticsWarranty(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	h := newHistory()
	first := calendar.On(2023, time.December, 1)
	for i := range 200 {
		r := registered(fmt.Sprintf("SN%05d", i), uuid.New(), 0)
		r.FirstRegistered = first.AddDays(i * 11)
		r.Service.End = r.FirstRegistered.AddDays(i * 37 % 2500)
		r.Service.Offer = catalogue.Offers[i%len(catalogue.Offers)]
		h.add(device.Aggregate.Stream(r.Device), r)
	}
	for _, day := range []calendar.Date{calendar.On(2024, time.February, 29), calendar.On(2024, time.August, 31), calendar.On(2023, time.February, 28)} {
		r := registered("END"+day.String(), uuid.New(), day.AddDays(4000))
		r.FirstRegistered = day
		h.add(device.Aggregate.Stream(r.Device), r)
	}
	m.whenProjected(t, h)
	var want []string
	for _, e := range h.events {
		d := device.Evolve(device.State{}, e.Event).Dates(device.DefaultRules)
		want = append(want, joined(e.Event.(device.Registered).SerialNumber, d.SupportExpiry, d.WarrantyEnd))
	}
	slices.Sort(want)
	require.Empty(t, cmp.Diff(want, m.lines(t, `SELECT serial_number, support_expiry, warranty_end FROM analytics.devices ORDER BY 1`)))
}

// The views go by the sandbox clock, as everything else does.
func TestAnalyticsGoByTheSandboxClock(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	today := func() (day time.Time) {
		require.NoError(t, m.pool.QueryRow(t.Context(), `SELECT today FROM analytics.clock`).Scan(&day))
		return day
	}
	require.WithinDuration(t, time.Now(), today().Add(12*time.Hour), 25*time.Hour)
	sandbox, err := clock.NewSandbox(t.Context(), m.pool, new(clock.Shifted))
	require.NoError(t, err)
	to := time.Now().AddDate(7, 0, 0)
	require.NoError(t, sandbox.MoveTo(t.Context(), to))
	require.WithinDuration(t, to, today().Add(12*time.Hour), 25*time.Hour)
}

func TestAnalyticsOfPartnershipsAndUsers(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	lasting, ending, ended := h.customer("Lasting", reseller), h.customer("Ending", reseller), h.customer("Ended", reseller)
	p := partnership.UID(reseller, ending)
	h.add(partnership.Aggregate.Stream(p), partnership.PartnershipEndSet{Partnership: p, Until: h.now.AddDate(0, 0, 3)})
	p = partnership.UID(reseller, ended)
	h.add(partnership.Aggregate.Stream(p), partnership.PartnershipEnded{Partnership: p})
	active, revoked := h.invited(lasting, "a@north.example", false), h.invited(lasting, "c@north.example", false)
	h.invited(lasting, "b@north.example", false)
	h.add(user.Aggregate.Stream(active), user.UserActivated{User: active, Account: lasting, Person: account.Person{ID: active, Email: "a@north.example", Name: "Ada"}})
	h.add(user.Aggregate.Stream(revoked), user.UserInvitationRevoked{User: revoked})
	m.whenProjected(t, h)

	partners := func() []string {
		return m.lines(t, `SELECT reseller_name, customer_name, partner_profile FROM analytics.partnerships ORDER BY 2`)
	}
	users := func() []string {
		return m.lines(t, `SELECT account_name, status, users FROM analytics.user_counts ORDER BY 2`)
	}
	m.sandboxTime(t, h.now)
	require.Equal(t, []string{"Northwind | Ending | read-only", "Northwind | Lasting | read-only"}, partners())
	require.Equal(t, []string{"Lasting | active | 1", "Lasting | pending | 1", "Lasting | revoked | 1"}, users())
	m.sandboxTime(t, h.now.AddDate(0, 0, 8))
	require.Equal(t, []string{"Northwind | Lasting | read-only"}, partners())
	require.Equal(t, []string{"Lasting | active | 1", "Lasting | expired | 1", "Lasting | revoked | 1"}, users())
	require.Equal(t, []string{"Ended | false", "Ended | true", "Ending | false", "Ending | false", "Lasting | false"},
		m.lines(t, `SELECT customer_name, ended FROM analytics.partnership_history ORDER BY 1, valid_from`))
}

// Nobody is named in the views: not before an erasure and not after.
func TestAnalyticsNameNobody(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	person := h.events[0].Event.(account.AccountCreated).Administrator
	contact := account.Person{ID: uuid.New(), Email: "cora@vendor.example", Name: "Cora"}
	invited := h.invited(reseller, "ada@north.example", true)
	h.add(account.Aggregate.Stream(reseller), []domain.Event{
		account.AccountActivated{Account: reseller, Administrator: person},
		account.ChannelContactAssigned{Account: reseller, Contact: contact},
		account.BillingChanged{Account: reseller, Mode: account.Direct, Contact: contact},
	}...)
	m.whenProjected(t, h)
	named := []string{person.Email, person.Name, "cora", "Cora", "ada@north.example"}
	requireNobodyIn(t, m.pool, named...)
	h.add(account.Aggregate.Stream(reseller), account.PersonErased{Account: reseller, Person: person.ID})
	h.add(user.Aggregate.Stream(invited), user.UserErased{User: invited, Account: reseller})
	m.whenProjected(t, h)
	requireNobodyIn(t, m.pool, append(named, account.Erased)...)
	require.Equal(t, []string{"Northwind | direct"}, m.lines(t, `SELECT name, billing FROM analytics.accounts`))
}

// requireNobodyIn looks for texts in all rows that analysts see.
func requireNobodyIn(t *testing.T, pool *pgxpool.Pool, texts ...string) {
	t.Helper()
	for _, v := range readModel().Views.Views {
		for _, text := range texts {
			var has bool
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM analytics.`+v.Name+` t WHERE strpos(t::text, $1) > 0)`, text).Scan(&has))
			require.False(t, has, "%s in %s", text, v.Name)
		}
	}
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM analytics.accounts`).Scan(&rows))
	require.Positive(t, rows)
}

// Where nobody may make roles there are views, and no one to read them.
func TestAnalyticsWithoutTheRole(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	p := readModel()
	p.Views.Role = "no_such_role"
	prepare(t, pool, p)
	var granted bool
	const grants = `SELECT has_table_privilege($1, 'analytics.devices', 'SELECT')`
	_, err := pool.Exec(t.Context(), `CREATE ROLE no_such_role`)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.WithoutCancel(t.Context()), `DROP OWNED BY no_such_role; DROP ROLE no_such_role`)
		require.NoError(t, err)
	})
	require.NoError(t, pool.QueryRow(t.Context(), grants, p.Views.Role).Scan(&granted))
	require.False(t, granted)
	prepare(t, pool, p) // the next start
	require.NoError(t, pool.QueryRow(t.Context(), grants, p.Views.Role).Scan(&granted))
	require.True(t, granted)
}
