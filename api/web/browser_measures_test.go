package web_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// From signing in to a committed transfer it takes at most eight clicks, ticking the
// devices not counted.
func TestBrowserClicks(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	d.registered(t, otherSerial, otherIMEI, "engine-2")
	sam := d.window(browser, t)
	sam.signsIn("sam@summit.example")
	sam.goes("Devices")
	sam.does(ticks("engine-1"), ticks("engine-2"))
	sam.presses("Transfer")
	sam.types("to", "Prairie Fire")
	sam.presses("Check the plan")
	sam.presses("Transfer 2 devices to Prairie Fire")
	sam.sees("2 devices moved to Prairie Fire")
	if t.Logf("%d clicks", sam.clicks); sam.clicks > 8 {
		t.Errorf("%d clicks", sam.clicks)
	}
}

// copied fills the read model with rows of the one that is there: the measurement is
// of the page, not of ten thousand commands.
var copied = []string{
	`INSERT INTO %[1]s.account_versions SELECT (jsonb_populate_record(a, jsonb_build_object(
		'uid', md5('customer ' || n)::uuid, 'name', 'Customer ' || n, 'name_key', 'customer ' || n, 'search', 'customer ' || n))).*
		FROM %[1]s.account_versions a, generate_series(2, 10000) n WHERE a.uid = $1 AND a.valid_to = 'infinity'`,
	`INSERT INTO %[1]s.partnership_versions SELECT (jsonb_populate_record(p, jsonb_build_object(
		'uid', md5('partnership ' || n)::uuid, 'customer', md5('customer ' || n)::uuid))).*
		FROM %[1]s.partnership_versions p, generate_series(2, 10000) n WHERE p.customer = $1 AND p.valid_to = 'infinity'`,
	`INSERT INTO %[1]s.device_versions SELECT (jsonb_populate_record(d, jsonb_build_object(
		'uid', md5('device ' || n)::uuid, 'account', md5('customer ' || n %% 10000)::uuid, 'name', 'device ' || n, 'name_key', 'device ' || n,
		'serial_number', 'SN' || n, 'factor', 'F' || n, 'auto_renew', false, 'service_end', d.service_start + n %% 730))).*
		FROM %[1]s.device_versions d, generate_series(2, 200000) n WHERE d.account <> $1 AND d.valid_to = 'infinity'`,
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
	var schema string
	must(t, d.Pool.QueryRow(t.Context(), `SELECT schemaname FROM pg_tables WHERE tablename = 'device_versions' AND schemaname LIKE 'rm_fleet_v%'`).Scan(&schema))
	tx, err := d.Pool.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "SET LOCAL statement_timeout = 0")
	must(t, err)
	for _, sql := range copied {
		_, err := tx.Exec(t.Context(), fmt.Sprintf(sql, schema), d.customer)
		must(t, err)
	}
	must(t, tx.Commit(t.Context()))
	_, err = d.Pool.Exec(t.Context(), "ANALYZE")
	must(t, err)
	var paints []float64
	for range 11 {
		sam.does(chromedp.Navigate("about:blank"))
		sam.opens("/")
		paints = append(paints, reads[float64](sam, `new Promise(done => new PerformanceObserver(l => done(l.getEntries()[0].startTime)).observe({type: "paint", buffered: true}))`))
	}
	slices.Sort(paints)
	sam.sees("10,000 customers")
	type size struct{ Sent, Whole, Answer float64 }
	s := reads[size](sam, `(() => { const n = performance.getEntriesByType("navigation")[0]; return {Sent: n.encodedBodySize, Whole: n.decodedBodySize, Answer: n.responseStart - n.requestStart} })()`)
	t.Logf("first paint: median %.0f ms, worst %.0f ms of %d; last answer began after %.0f ms", paints[5], paints[10], len(paints), s.Answer)
	t.Logf("page: %.0f kB sent, %.0f kB whole", s.Sent/1000, s.Whole/1000)
}
