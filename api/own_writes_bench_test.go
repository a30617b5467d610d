package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/apitest"
)

// What waiting for own writes costs reads, as medians in microseconds: of somebody
// who asks for what is there now, of somebody who wrote nothing, and of somebody
// whose writes are long visible. The three take turns, so that whatever else the
// machine does is the same for all; "control" is the first once more, for how much
// of a difference is chance.
func BenchmarkOwnWrites(b *testing.B) {
	const serial = "LD72997819284879"
	s := apitest.Start(b)
	operator := &caller{Client: s.Client(apitest.OperatorToken), t: &testing.T{}, handler: s.Handler, token: apitest.OperatorToken}
	made := operator.raw("POST", "/v1/accounts", `{"name":"N","type":"reseller","administrator":{"email":"n@x.example"}}`)
	uid := uidIn("/" + made.Body.String()[strings.Index(made.Body.String(), `"uid":"`)+7:][:36])
	reader, writer := *operator, *operator
	reader.token, writer.token = s.Token(uid, ""), s.Token(uid, "")
	for i := range 20 {
		writer.raw("POST", "/v1/customers", fmt.Sprintf(`{"name":"Customer %d","administrator":{"email":"a%d@x.example"}}`, i, i))
	}
	last := writer.raw("POST", "/v1/device-registrations", `{"items":[{"serialNumber":"`+serial+`","imei":"004491972154667"}]}`)
	reader.raw("GET", "/v1/devices?minPosition="+last.Header().Get("X-Position"), "")

	for name, path := range map[string]string{"customers": "/v1/customers", "device": "/v1/devices/" + serial} {
		b.Run(name, func(b *testing.B) {
			kinds := []struct {
				name   string
				caller *caller
				path   string
				took   []time.Duration
			}{
				{name: "now", caller: &reader, path: path + "?minPosition=0"},
				{name: "nothing-written", caller: &reader, path: path},
				{name: "written", caller: &writer, path: path},
				{name: "control", caller: &reader, path: path + "?minPosition=0"},
			}
			turn := 0
			for b.Loop() {
				for i := range kinds { // each comes after each other one
					kind := &kinds[(i+turn)%len(kinds)]
					begun := time.Now()
					got := kind.caller.raw("GET", kind.path, "")
					kind.took = append(kind.took, time.Since(begun))
					if got.Code != 200 {
						b.Fatal(got.Body)
					}
				}
				turn++
			}
			for _, kind := range kinds {
				slices.Sort(kind.took)
				b.ReportMetric(float64(kind.took[len(kind.took)/2].Nanoseconds())/1000, kind.name+"-µs")
			}
		})
	}
}
