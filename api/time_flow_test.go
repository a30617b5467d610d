package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// desk is a reseller with a customer of three devices, whose services end a year
// after each of three days.
type desk struct {
	*stack
	reseller              *caller
	resellerUID, customer string
	ends                  []calendar.Date
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{stack: newStack(t)}
	d.resellerUID, d.reseller = d.stack.reseller("Northwind")
	d.customer, _ = d.customerOf(d.reseller, "Alder")
	d.fullAccess(d.resellerUID, d.customer)
	for n := range 3 {
		body := fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q,"account":%q}]}`, mp70(n), imei(n), d.customer)
		got := into[openapi.BulkResult](d.reseller.post("/v1/device-registrations", body).is(200))
		end, err := calendar.Parse(*got.Results[0].Device.ServiceEnd)
		must(t, err)
		d.ends = append(d.ends, end)
		d.clock.Advance(20 * 24 * time.Hour)
	}
	return d
}

func (d *desk) order(what string) string {
	return fmt.Sprintf(`{"devices":[%q,%q,%q],%s}`, mp70(0), mp70(1), mp70(2), what)
}

func ends(b openapi.BulkResult) []string {
	var all []string
	for _, r := range b.Results {
		all = append(all, *r.Device.ServiceEnd)
	}
	return all
}

// A preview says what the renewal then does; the reversal undoes it, once.
func TestPreviewRenewReverse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	order := d.order(`"alignTo":"latest","orderNumber":"PO-7"`)
	preview := into[openapi.RenewalPreview](d.reseller.post("/v1/renewal-previews", order).is(200))
	last := d.ends[2].String()
	for i, r := range preview.Results {
		expect(t, "current end", *r.CurrentEnd, d.ends[i].String())
		if i == 2 {
			expect(t, "the latest", []any{string(r.Outcome), r.NewEnd == nil, r.DaysGained}, []any{"unchanged", true, 0})
			continue
		}
		expect(t, "new end", []any{string(r.Outcome), *r.NewEnd, r.DaysGained}, []any{"renewed", last, int(d.ends[2] - d.ends[i])})
	}
	expect(t, "summary", []int{preview.Summary.Total, *preview.Summary.Renewed, preview.Summary.Unchanged}, []int{3, 2, 1})

	renewed := into[openapi.BulkResult](d.reseller.post("/v1/renewals", order).is(200))
	expect(t, "renewal", outcomes(renewed), []string{"renewed", "renewed", "unchanged"})
	expect(t, "ends", ends(renewed), []string{last, last, last})
	path := "/v1/renewals/" + renewed.Id.String()

	dry := into[openapi.BulkResult](d.reseller.post(path+"/reversals?dryRun=true", `{}`).is(200))
	expect(t, "dry run", ends(dry), []string{d.ends[0].String(), d.ends[1].String()})
	got := d.reseller.post(path+"/reversals", `{"reason":"ordered twice"}`).is(201)
	reversed := into[openapi.BulkResult](got)
	expect(t, "reversal", outcomes(reversed), []string{"reversed", "reversed"})
	expect(t, "ends after it", ends(reversed), []string{d.ends[0].String(), d.ends[1].String()})
	expect(t, "counted", *reversed.Summary.Reversed, 2)
	again := into[openapi.BulkResult](d.reseller.post(path+"/reversals", `{}`).is(201))
	expect(t, "twice", outcomes(again), []string{"refused renewal_reversed", "refused renewal_reversed"})

	shown := into[openapi.Renewal](d.reseller.get(path + "?minPosition=" + got.header.Get("X-Position")).is(200))
	expect(t, "devices of the order", len(shown.Items), 2)
	for i, item := range shown.Items {
		expect(t, "item", []any{item.SerialNumber, *item.OldEnd, item.NewEnd, item.OrderNumber, item.ReversedAt != nil},
			[]any{mp70(i), d.ends[i].String(), last, "PO-7", true})
	}
}

func TestAlignments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	preview := func(what string) []any {
		t.Helper()
		var all []any
		for _, r := range into[openapi.RenewalPreview](d.reseller.post("/v1/renewal-previews", d.order(what)).is(200)).Results {
			end := string(r.Outcome)
			if r.NewEnd != nil {
				end = *r.NewEnd
			}
			for _, p := range r.Problems {
				end += " " + p.Code
			}
			all = append(all, end)
		}
		return all
	}
	d0, d1, d2 := d.ends[0], d.ends[1], d.ends[2]
	expect(t, "a date", preview(fmt.Sprintf(`"alignTo":%q`, d1)), []any{d1.String(), "unchanged", "refused until_not_later"})
	expect(t, "month end", preview(`"alignTo":"monthEnd"`), []any{d0.MonthEnd().String(), d1.MonthEnd().String(), d2.MonthEnd().String()})
	expect(t, "a tie", preview(`"alignTo":"majority"`), []any{d2.String(), d2.String(), "unchanged"})
	d.reseller.post("/v1/renewals", fmt.Sprintf(`{"devices":[%q],"until":%q}`, mp70(0), d1)).is(200)
	expect(t, "majority", preview(`"alignTo":"majority"`), []any{"unchanged", "unchanged", "refused until_not_later"})
	expect(t, "a term too", preview(`"alignTo":"latest","term":"P1Y"`),
		[]any{"refused term_ambiguous", "refused term_ambiguous", "refused term_ambiguous"})
	for _, wrong := range []string{`"alignTo":"tomorrow"`, `"alignTo":""`, `"alignTo":"2027-02-30"`} {
		d.reseller.post("/v1/renewals", d.order(wrong)).refusedWith(400, "/alignTo align_invalid")
	}
	d.clock.Advance(3 * 365 * 24 * time.Hour)
	expect(t, "all expired", preview(`"alignTo":"latest"`),
		[]any{"refused nothing_to_align", "refused nothing_to_align", "refused nothing_to_align"})
}

// A device of somebody else neither shows in a preview nor sets the day; its
// order is not there for others.
func TestRenewalsOfOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stranger := d.signIn(into[openapi.CreatedAccount](d.post("/v1/accounts",
		`{"name":"Stranger","type":"standard","administrator":{"email":"s@stranger.example"}}`).is(201)).Uid.String(), "")
	got := d.reseller.post("/v1/renewals", d.order(`"term":"P1Y"`)).is(200)
	renewal, position := into[openapi.BulkResult](got).Id.String(), got.header.Get("X-Position")
	missing := uuid.NewString()
	for _, id := range []string{renewal, missing} {
		stranger.get("/v1/renewals/" + id + "?minPosition=" + position).is(404)
		stranger.post("/v1/renewals/"+id+"/reversals", `{}`).is(404)
		stranger.post("/v1/renewals/"+id+"/reversals", fmt.Sprintf(`{"devices":[%q]}`, mp70(0))).is(404)
	}
	preview := into[openapi.RenewalPreview](stranger.post("/v1/renewal-previews", d.order(`"alignTo":"latest"`)).is(200))
	for _, r := range preview.Results {
		expect(t, "of others", []any{string(r.Outcome), r.Problems[0].Code, len(r.Problems), r.Device == nil, r.CurrentEnd == nil},
			[]any{"refused", "device_not_found", 1, true, true})
	}
	// Who acts for its own account means no devices of others, whatever its rights.
	acting := "X-Account: " + d.resellerUID
	d.reseller.post("/v1/renewals/"+renewal+"/reversals", `{}`, acting).is(404)
	d.reseller.get("/v1/renewals/"+renewal, acting).is(404)
	own := into[openapi.RenewalPreview](d.reseller.post("/v1/renewal-previews", d.order(`"alignTo":"latest"`), acting).is(200))
	expect(t, "acting for another", []any{own.Results[0].Problems[0].Code, own.Results[0].Device == nil}, []any{"device_not_found", true})
	// With a right to read, the reversal is refused by name.
	d.signIn(d.customer, "").send("PATCH", "/v1/accounts/"+d.customer+"/partners/"+d.resellerUID, `{"profile":"read-only"}`).is(200)
	refused := into[openapi.BulkResult](d.reseller.post("/v1/renewals/"+renewal+"/reversals", `{}`).is(201))
	expect(t, "without the right", outcomes(refused), []string{"refused missing_right", "refused missing_right", "refused missing_right"})
}

// A device that was transferred since keeps what it has got, and its new owner
// does not see what the old one ordered.
func TestReversalAfterATransfer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	renewed := into[openapi.BulkResult](d.reseller.post("/v1/renewals", d.order(`"term":"P1Y"`)).is(200))
	got := d.reseller.post("/v1/transfers", fmt.Sprintf(`{"from":%q,"to":%q,"devices":[%q]}`, d.customer, d.resellerUID, mp70(1))).is(201)
	path := "/v1/renewals/" + renewed.Id.String()
	all := into[openapi.BulkResult](d.reseller.post(path+"/reversals?atomic=true&dryRun=true", `{}`).is(200))
	expect(t, "all or nothing", outcomes(all), []string{"refused batch_refused", "refused transferred_since", "refused batch_refused"})
	some := into[openapi.BulkResult](d.reseller.post(path+"/reversals", fmt.Sprintf(`{"devices":[%q,%q]}`, mp70(0), mp70(2))).is(201))
	expect(t, "the others", outcomes(some), []string{"reversed", "reversed"})
	d.reseller.post(path+"/reversals", `{"devices":[]}`).is(422)

	position := "?minPosition=" + got.header.Get("X-Position")
	expect(t, "both sides", len(into[openapi.Renewal](d.reseller.get(path+position).is(200)).Items), 3)
	d.signIn(d.customer, "").send("PATCH", "/v1/accounts/"+d.customer+"/partners/"+d.resellerUID, `{"profile":"device-manager"}`).is(200)
	expect(t, "of the customer", len(into[openapi.Renewal](d.signIn(d.customer, "").get(path+position).is(200)).Items), 2)
}

// An operation aligns by the whole selection, not chunk by chunk.
func TestAlignInAnOperation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	location := d.reseller.post("/v1/renewals", d.order(`"alignTo":"latest"`), "Prefer: respond-async").is(202).header.Get("Location")
	for {
		o := into[openapi.Operation](d.reseller.get(location).is(200))
		if o.State == "done" {
			break
		}
		if o.State == "failed" {
			t.Fatalf("%+v", o)
		}
	}
	for _, r := range into[openapi.ResultList](d.reseller.get(location + "/results").is(200)).Items {
		expect(t, "end", *r.Device.ServiceEnd, d.ends[2].String())
	}
}

// Without a sandbox there is no clock, whatever is asked.
func TestNoSandbox(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	for _, c := range []*caller{s.caller, reseller} {
		c.get("/v1/sandbox/clock").is(404)
		c.post("/v1/sandbox/clock", `{"advance":"P1M"}`).is(404)
		c.post("/v1/sandbox/clock", `{"advance":"soon"}`).is(404)
	}
}
