package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
)

// As CSV a list has the rows of the JSON, by the same filters and in the same
// order; several values of a filter are either.
func TestFilesHaveTheRowsOfTheList(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	alder := d.customer.String()
	for _, name := range []string{"Zulu", "Ärger", "abel", "Café Süd 10", "cafe sud 9"} {
		d.customerOf(d.reseller, name)
	}
	when(d.reseller.SuspendDevice(ctx, mp70(1), nil, client.Reason{})).Then(t)
	for n := range 2 {
		when(d.reseller.RenewDevices(ctx, nil, client.RenewalRequest{
			Devices: []string{mp70(n)}, Term: new("P1Y"), OrderNumber: new(fmt.Sprintf("PO-%d", n)), Note: new("=1+1"),
		})).Then(t)
	}
	when(d.GrantAllocation(ctx, nil, client.AllocationRequest{Device: mp70(0), Term: new("P1Y"), Reason: new("goodwill")})).Then(t)
	d.reseller.After(d.Position())
	yesterday := "&asOf=" + d.clock.Now().AddDate(0, 0, -1).Format("2006-01-02")

	for list, want := range map[string]int{
		"/v1/customers?sort=name":                                         6,
		"/v1/customers?sort=-name&search=cafe":                            2,
		"/v1/customers?search=admin&status=pending&status=expired":        6,
		"/v1/customers?status=closed&status=active":                       0,
		"/v1/customers?sort=name" + yesterday:                             1,
		"/v1/customers?customer=" + alder + "&customer=" + alder:          1,
		"/v1/devices?sort=-name&state=active&state=suspended":             3,
		"/v1/devices?state=suspended&model=mp70&model=rv55":               1,
		"/v1/devices?model=rv55&offer=complete&offer=premium":             0,
		"/v1/devices?sort=serviceEnd" + yesterday:                         3,
		"/v1/devices?search=" + strings.ToLower(mp70(2)):                  1,
		"/v1/renewals?sort=orderNumber&state=ordered&state=applied":       2,
		"/v1/renewals?orderNumber=po-0&orderNumber=PO-7":                  1,
		"/v1/renewals?device=" + mp70(0) + "&device=" + mp70(1):           2,
		"/v1/renewals?state=declined":                                     0,
		"/v1/allocations?device=" + mp70(0) + "&device=" + mp70(1):        1,
		"/v1/accounts?type=standard&type=reseller&sort=-name":             7,
		"/v1/accounts?type=reseller":                                      1,
		"/v1/accounts/" + d.resellerUID.String() + "/partners?sort=-name": 6,
		"/v1/accounts/" + d.resellerUID.String() + "/users?sort=name":     0,
	} {
		var page struct {
			Total int
			Items []struct{ UID, ID string }
		}
		must(t, json.Unmarshal(d.reseller.get(list).is(200).body, &page))
		expect(t, list, page.Total, want)
		file := d.reseller.get(list, "Accept: text/csv").is(200)
		rows, err := csv.NewReader(strings.NewReader(string(file.body))).ReadAll()
		must(t, err)
		var inFile, inJSON []string
		for _, row := range rows[1:] {
			inFile = append(inFile, row[0])
			if strings.Contains(strings.Join(row, "\n"), "\n=") {
				t.Errorf("%s: a formula in %q", list, row)
			}
		}
		for _, item := range page.Items {
			inJSON = append(inJSON, item.UID+item.ID)
		}
		expect(t, list, inFile, inJSON)
		at, err := url.Parse(list)
		must(t, err)
		name := at.Path[strings.LastIndex(at.Path, "/")+1:]
		if got := file.header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="`+name+"_20") {
			t.Errorf("%s: %s", list, got)
		}
		expect(t, list, file.header.Get("Content-Type"), "text/csv; charset=utf-8")
	}
	var names []string
	for _, c := range when(d.reseller.ListCustomers(ctx, nil)).Then(t).JSON200.Items {
		names = append(names, c.Name)
	}
	expect(t, "names", names, []string{"abel", "Alder", "Ärger", "cafe sud 9", "Café Süd 10", "Zulu"})
}
