package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
)

// What the edge alone costs a registration of 1,000 devices: reading, checking
// and writing JSON.
func BenchmarkRegistration1000(b *testing.B) {
	var items []string
	results := make([]command.ItemResult, 1000)
	for i := range results {
		row := aDevice("gate")
		results[i] = command.ItemResult{Index: i, Outcome: domain.OutcomeCreated, Device: &row.State}
		items = append(items, fmt.Sprintf(`{"serialNumber":"LD%014d","imei":"004491972154667","name":"gate-%d","labels":["south","fixed"]}`, i, i))
	}
	body := `{"items":[` + strings.Join(items, ",") + `]}`
	t := &testing.T{}
	c := newClient(t, options(&fake{bulk: command.BulkResult{Results: results}}))
	b.ReportAllocs()
	for b.Loop() {
		if got := c.raw("POST", "/v1/device-registrations", body); got.Code != 200 {
			b.Fatal(got.Body)
		}
	}
}
