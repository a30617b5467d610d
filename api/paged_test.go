package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Partners and histories are read page by page, as every list.
func TestPartnersAndHistoriesInPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	reseller, desk := s.reseller("Northwind")
	for _, name := range []string{"Zulu", "Ärmel", "Arm", "zebra"} {
		s.customerOf(desk, name)
	}
	partners := "/v1/accounts/" + reseller.String() + "/partners"
	names := func(query string) (all []string) {
		for cursor := ""; ; {
			page := into[openapi.PartnerList](desk.get(partners + "?limit=3" + query + cursor).is(200))
			expect(t, "total", page.Total, 4)
			for _, p := range page.Items {
				all = append(all, p.Account.Name)
			}
			if page.NextCursor == nil {
				return all
			}
			cursor = "&cursor=" + *page.NextCursor
		}
	}
	expect(t, "by name", names(""), []string{"Arm", "Ärmel", "zebra", "Zulu"})
	expect(t, "the other way round", names("&sort=-name"), []string{"Zulu", "zebra", "Ärmel", "Arm"})
	next := *into[openapi.PartnerList](desk.get(partners + "?limit=1").is(200)).NextCursor
	desk.get(partners+"?sort=-name&cursor="+next).refusedWith(400, "cursor_invalid")
	for _, cursor := range []string{"x", "99999999999", next + "A"} {
		desk.get(partners+"?cursor="+cursor).refusedWith(400, "cursor_invalid")
	}
	desk.get(partners+"?sort=size").refusedWith(400, "#/query/sort sort_unknown")
	desk.get(partners+"?limit=0").refusedWith(400, "#/query/limit out_of_range")

	desk.registers(newDevice(1))
	for i := range 3 {
		desk.send(http.MethodPatch, "/v1/devices/"+mp70(1), fmt.Sprintf(`{"name":"gate-%d"}`, i)).is(200)
	}
	history := "/v1/devices/" + mp70(1) + "/history"
	whole := into[openapi.History](desk.get(history).is(200))
	first := into[openapi.History](desk.get(history + "?limit=2").is(200))
	rest := into[openapi.History](desk.get(history + "?cursor=" + *first.NextCursor).is(200))
	expect(t, "history in pages", append(first.Items, rest.Items...), whole.Items)
	expect(t, "total", rest.Total, len(whole.Items))
	desk.get(history+"?cursor=7").refusedWith(400, "cursor_invalid")
	desk.get(history + "?sort=-occurredAt").is(200)
}
