package api_test

import (
	"strings"
	"sync"
	"testing"
)

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
