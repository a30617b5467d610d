package web_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"testing"
)

// From signing in to a committed transfer of five devices it takes at most eight clicks,
// ticking the devices not counted.
func TestBrowserClicks(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d := givenDesk(t)
	labels := [][2]string{
		{serial, imei}, {otherSerial, otherIMEI}, {askedSerial, askedIMEI}, {spareSerial, spareIMEI}, {"LD00000000000005", "004400000000057"},
	}
	for i, label := range labels {
		d.registered(t, label[0], label[1], fmt.Sprintf("engine-%d", i+1))
	}
	sam := d.window(browser, t)
	sam.signsIn("sam@summit.example")
	sam.goes("Devices")
	for i := range labels {
		sam.does(ticks(fmt.Sprintf("engine-%d", i+1)))
	}
	sam.presses("Transfer")
	sam.types("to", "Prairie Fire")
	sam.presses("Check the plan")
	sam.presses("Transfer 5 devices to Prairie Fire")
	sam.sees("5 devices moved to Prairie Fire")
	if t.Logf("%d clicks from signing in to five devices moved", sam.clicks); sam.clicks > 8 {
		t.Errorf("%d clicks", sam.clicks)
	}
}

// copied fills the read model with rows of the one that is there: the measurement is
// of the page, not of ten thousand commands.
var copied = []string{
	`INSERT INTO %[1]s.account_versions SELECT (jsonb_populate_record(a, jsonb_build_object(
		'uid', md5('customer ' || n)::uuid, 'name', 'Customer ' || n, 'name_key', 'customer ' || n, 'search', 'customer ' || n,
		'state', a.state || jsonb_build_object('uid', md5('customer ' || n)::uuid, 'name', 'Customer ' || n)))).*
		FROM %[1]s.account_versions a, generate_series(2, 10000) n WHERE a.uid = $1 AND a.valid_to = 'infinity'`,
	`INSERT INTO %[1]s.partnership_versions SELECT (jsonb_populate_record(p, jsonb_build_object(
		'uid', md5('partnership ' || n)::uuid, 'customer', md5('customer ' || n)::uuid))).*
		FROM %[1]s.partnership_versions p, generate_series(2, 10000) n WHERE p.customer = $1 AND p.valid_to = 'infinity'`,
	`INSERT INTO %[1]s.device_versions SELECT (jsonb_populate_record(d, jsonb_build_object(
		'uid', md5('device ' || n)::uuid, 'account', md5('customer ' || n %% 10000)::uuid, 'name', 'device ' || n, 'name_key', 'device ' || n,
		'serial_number', 'SN' || n, 'factor', 'F' || n, 'auto_renew', false, 'service_end', d.service_start + n %% 730))).*
		FROM %[1]s.device_versions d, generate_series(2, 200000) n WHERE d.account <> $1 AND d.valid_to = 'infinity'`,
	`INSERT INTO %[1]s.account_counts SELECT account, count(*), count(*), 0 FROM %[1]s.device_versions WHERE name LIKE 'device %%' AND account <> $1 GROUP BY 1`,
	`INSERT INTO %[1]s.account_days SELECT account, false, array_agg(service_end - date '1970-01-01' ORDER BY service_end), array_agg(through ORDER BY service_end) FROM (
		SELECT account, service_end, sum(count(*)) OVER (PARTITION BY account ORDER BY service_end) AS through
		FROM %[1]s.device_versions WHERE name LIKE 'device %%' AND account <> $1 GROUP BY 1, 2) d GROUP BY 1`,
}

// load is a page's way to the reader: milliseconds since it was asked for, and bytes.
type load struct{ Answer, Whole, Read, Paint, Sent, Size float64 }

const timesOfLoad = `new Promise(done => new PerformanceObserver(l => {
	const n = performance.getEntriesByType("navigation")[0]
	done({Answer: n.responseStart, Whole: n.responseEnd, Read: n.domInteractive, Paint: l.getEntries()[0].startTime, Sent: n.encodedBodySize, Size: n.decodedBodySize})
}).observe({type: "paint", buffered: true}))`

// copies carries out statements on the read model.
func (d *desk) copies(t *testing.T, statements ...string) {
	t.Helper()
	var schema string
	must(t, d.Pool.QueryRow(t.Context(), `SELECT schemaname FROM pg_tables WHERE tablename = 'device_versions' AND schemaname LIKE 'rm_fleet_v%'`).Scan(&schema))
	tx, err := d.Pool.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "SET LOCAL statement_timeout = 0")
	must(t, err)
	for _, sql := range statements {
		_, err := tx.Exec(t.Context(), fmt.Sprintf(sql, schema), d.customer)
		must(t, err)
	}
	must(t, tx.Commit(t.Context()))
	_, err = d.Pool.Exec(t.Context(), "VACUUM ANALYZE")
	must(t, err)
}

// TestMeasureCustomers tells how fast Customers is with 10,000 customers and 200,000
// devices. It measures and decides nothing: FLEETLEDGER_MEASURE=1 go test -v -run Measure.
func TestMeasureCustomers(t *testing.T) {
	if os.Getenv("FLEETLEDGER_MEASURE") == "" {
		t.Skip("FLEETLEDGER_MEASURE is not set: nothing is measured")
	}
	browser := chromium(t)
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	sam := d.window(browser, t)
	sam.signsIn("sam@summit.example")
	sam.opens("/devices") // until it is in the read model
	sam.sees("engine-1")
	d.copies(t, copied...)
	var loads []load
	for range 21 {
		sam.opens("/security")
		sam.opens("/")
		loads = append(loads, reads[load](sam, timesOfLoad))
	}
	sam.sees("10,000 customers")
	for _, of := range []struct {
		what string
		ms   func(load) float64
	}{
		{"answer begins", func(l load) float64 { return l.Answer }},
		{"answer is whole", func(l load) float64 { return l.Whole }},
		{"page is read", func(l load) float64 { return l.Read }},
		{"first paint", func(l load) float64 { return l.Paint }},
	} {
		slices.SortFunc(loads, func(a, b load) int { return cmp.Compare(of.ms(a), of.ms(b)) })
		t.Logf("%s: median %.0f ms, worst %.0f ms of %d", of.what, of.ms(loads[len(loads)/2]), of.ms(loads[len(loads)-1]), len(loads))
	}
	t.Logf("page: %.0f kB sent, %.0f kB whole", loads[0].Sent/1000, loads[0].Size/1000)
}
