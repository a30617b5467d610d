package api_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/fleetledger/fleetledger/app/ports"
)

// A file says what it is, and is named after the list and the day it is about.
func TestExportsAreFiles(t *testing.T) {
	t.Parallel()
	f := &fake{operation: ports.Operation{ID: customer}}
	c := newClient(t, options(f))
	results := "/v1/operations/" + customer.String() + "/results"
	for list, name := range map[string]string{
		"/v1/customers": "customers_2026-03-15", "/v1/customers?asOf=2026-03-01": "customers_2026-03-01", "/v1/devices": "devices_2026-03-15",
		"/v1/devices?asOf=2026-03-10T23:00:00Z": "devices_2026-03-10", results: "operation_" + customer.String(),
	} {
		header := c.get(list, "Accept: text/csv").is(200).header
		if got := header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
			t.Errorf("%s: %s", list, got)
		}
		if got, want := header.Get("Content-Disposition"), `attachment; filename="`+name+`.csv"`; got != want {
			t.Errorf("%s: %s, want %s", list, got, want)
		}
		if got := c.get(list).is(200).header.Get("Content-Disposition"); got != "" {
			t.Errorf("%s as JSON: %s", list, got)
		}
	}
}

// Exports that run at the same time share nothing that they change; the race
// detector tells.
func TestExportsAtTheSameTime(t *testing.T) {
	t.Parallel()
	c := newClient(t, options(&fake{}))
	var all sync.WaitGroup
	for _, list := range []string{"/v1/devices", "/v1/devices", "/v1/customers", "/v1/customers"} {
		all.Go(func() {
			got := c.raw("GET", list, "", "Accept: text/csv")
			if got.Code != 200 || !strings.HasPrefix(got.Body.String(), "UID,") && !strings.HasPrefix(got.Body.String(), "NAME,") {
				t.Errorf("%s: %d %s", list, got.Code, got.Body)
			}
		})
	}
	all.Wait()
}
