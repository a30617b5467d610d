package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// desk is a reseller with a customer of three devices, whose services end a year
// after each of three days.
type desk struct {
	*stack
	reseller              *caller
	resellerUID, customer uuid.UUID
	ends                  []calendar.Date
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{stack: newStack(t)}
	d.resellerUID, d.reseller = d.stack.reseller("Northwind")
	d.customer = d.customerOf(d.reseller, "Alder")
	d.fullAccess(d.resellerUID, d.customer)
	for n := range 3 {
		got := when(d.reseller.RegisterDevices(t.Context(), nil, request(newDevice(n, d.customer)))).Then(t).JSON200
		end, err := calendar.Parse(*got.Results[0].Device.ServiceEnd)
		must(t, err)
		d.ends = append(d.ends, end)
		d.clock.Advance(20 * 24 * time.Hour)
	}
	return d
}

// order orders something for the three devices.
func order(what client.RenewalRequest) client.RenewalRequest {
	what.Devices = []string{mp70(0), mp70(1), mp70(2)}
	return what
}

func aligned(to string) client.RenewalRequest {
	return order(client.RenewalRequest{AlignTo: &to})
}

func aYear() client.RenewalRequest { return order(client.RenewalRequest{Term: new("P1Y")}) }

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
	ctx := t.Context()
	latest := aligned("latest")
	latest.OrderNumber = new("PO-7")
	preview := when(d.reseller.PreviewRenewals(ctx, nil, latest)).Then(t).JSON200
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

	renewed := when(d.reseller.RenewDevices(ctx, nil, latest)).Then(t).JSON200
	expect(t, "renewal", outcomes(*renewed), []string{"renewed", "renewed", "unchanged"})
	expect(t, "ends", ends(*renewed), []string{last, last, last})
	id, none := *renewed.Id, client.RenewalReversalRequest{}

	dry := when(d.reseller.ReverseRenewal(ctx, id, &client.ReverseRenewalParams{DryRun: new(true)}, none)).Then(t).JSON200
	expect(t, "dry run", ends(*dry), []string{d.ends[0].String(), d.ends[1].String()})
	reversed := when(d.reseller.ReverseRenewal(ctx, id, nil, client.RenewalReversalRequest{Reason: new("ordered twice")})).Then(t).JSON201
	expect(t, "reversal", outcomes(*reversed), []string{"reversed", "reversed"})
	expect(t, "ends after it", ends(*reversed), []string{d.ends[0].String(), d.ends[1].String()})
	expect(t, "counted", *reversed.Summary.Reversed, 2)
	again := when(d.reseller.ReverseRenewal(ctx, id, nil, none)).Then(t).JSON201
	expect(t, "twice", outcomes(*again), []string{"refused renewal_reversed", "refused renewal_reversed"})

	shown := when(d.reseller.GetRenewal(ctx, id, nil)).Then(t).JSON200
	expect(t, "devices of the order", len(shown.Items), 2)
	for i, item := range shown.Items {
		expect(t, "item", []any{item.SerialNumber, *item.OldEnd, item.NewEnd, item.OrderNumber, item.ReversedAt != nil},
			[]any{mp70(i), d.ends[i].String(), last, "PO-7", true})
	}
}

func TestAlignments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	preview := func(what client.RenewalRequest) []string {
		t.Helper()
		var all []string
		for _, r := range when(d.reseller.PreviewRenewals(ctx, nil, what)).Then(t).JSON200.Results {
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
	expect(t, "a date", preview(aligned(d1.String())), []string{d1.String(), "unchanged", "refused until_not_later"})
	expect(t, "month end", preview(aligned("monthEnd")), []string{d0.MonthEnd().String(), d1.MonthEnd().String(), d2.MonthEnd().String()})
	expect(t, "a tie", preview(aligned("majority")), []string{d2.String(), d2.String(), "unchanged"})
	when(d.reseller.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(0)}, Until: new(d1.String())})).Then(t)
	expect(t, "majority", preview(aligned("majority")), []string{"unchanged", "unchanged", "refused until_not_later"})
	both := aligned("latest")
	both.Term = new("P1Y")
	expect(t, "a term too", preview(both), []string{"refused term_ambiguous", "refused term_ambiguous", "refused term_ambiguous"})
	for _, wrong := range []string{"tomorrow", "", "2027-02-30"} {
		when(d.reseller.RenewDevices(ctx, nil, aligned(wrong))).Refused(t, 400, "/alignTo align_invalid")
	}
	d.clock.Advance(3 * 365 * 24 * time.Hour)
	expect(t, "all expired", preview(aligned("latest")), []string{"refused nothing_to_align", "refused nothing_to_align", "refused nothing_to_align"})
}

// A device of somebody else neither shows in a preview nor sets the day; its
// order is not there for others.
func TestRenewalsOfOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	stranger := d.signIn(d.account("Stranger", client.Standard), "")
	none := client.RenewalReversalRequest{}
	renewal := *when(d.reseller.RenewDevices(ctx, nil, aYear())).Then(t).JSON200.Id
	stranger.After(d.reseller.Position())
	for _, id := range []uuid.UUID{renewal, uuid.New()} {
		when(stranger.GetRenewal(ctx, id, nil)).Refused(t, 404, "not_found")
		when(stranger.ReverseRenewal(ctx, id, nil, none)).Refused(t, 404, "not_found")
		when(stranger.ReverseRenewal(ctx, id, nil, client.RenewalReversalRequest{Devices: &[]string{mp70(0)}})).Refused(t, 404, "not_found")
	}
	for _, r := range when(stranger.PreviewRenewals(ctx, nil, aligned("latest"))).Then(t).JSON200.Results {
		expect(t, "of others", []any{string(r.Outcome), r.Problems[0].Code, len(r.Problems), r.Device == nil, r.CurrentEnd == nil},
			[]any{"refused", "device_not_found", 1, true, true})
	}
	// Who acts for its own account means no devices of others, whatever its rights.
	own := &d.resellerUID
	when(d.reseller.ReverseRenewal(ctx, renewal, &client.ReverseRenewalParams{XAccount: own}, none)).Refused(t, 404, "not_found")
	when(d.reseller.GetRenewal(ctx, renewal, &client.GetRenewalParams{XAccount: own})).Refused(t, 404, "not_found")
	acting := when(d.reseller.PreviewRenewals(ctx, &client.PreviewRenewalsParams{XAccount: own}, aligned("latest"))).Then(t).JSON200
	expect(t, "acting for another", []any{acting.Results[0].Problems[0].Code, acting.Results[0].Device == nil}, []any{"device_not_found", true})
	// With a right to read, the reversal is refused by name.
	d.partnerProfile(d.resellerUID, d.customer, "read-only")
	refused := when(d.reseller.ReverseRenewal(ctx, renewal, nil, none)).Then(t).JSON201
	expect(t, "without the right", outcomes(*refused), []string{"refused missing_right", "refused missing_right", "refused missing_right"})
}

// A device that was transferred since keeps what it has got, and its new owner
// does not see what the old one ordered.
func TestReversalAfterATransfer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	renewal := *when(d.reseller.RenewDevices(ctx, nil, aYear())).Then(t).JSON200.Id
	when(d.reseller.TransferDevices(ctx, nil, client.TransferRequest{From: &d.customer, To: &d.resellerUID, Devices: &[]string{mp70(1)}})).Then(t)
	of := func(names ...string) client.RenewalReversalRequest {
		return client.RenewalReversalRequest{Devices: &names}
	}
	all := when(d.reseller.ReverseRenewal(ctx, renewal, &client.ReverseRenewalParams{Atomic: new(true), DryRun: new(true)}, client.RenewalReversalRequest{})).Then(t).JSON200
	expect(t, "all or nothing", outcomes(*all), []string{"refused batch_refused", "refused transferred_since", "refused batch_refused"})
	some := when(d.reseller.ReverseRenewal(ctx, renewal, nil, of(mp70(0), mp70(2)))).Then(t).JSON201
	expect(t, "the others", outcomes(*some), []string{"reversed", "reversed"})
	when(d.reseller.ReverseRenewal(ctx, renewal, nil, client.RenewalReversalRequest{Devices: &[]string{}})).RefusedAs(t, 422)

	expect(t, "both sides", len(when(d.reseller.GetRenewal(ctx, renewal, nil)).Then(t).JSON200.Items), 3)
	d.partnerProfile(d.resellerUID, d.customer, "device-manager")
	customer := d.signIn(d.customer, "")
	customer.After(d.reseller.Position())
	expect(t, "of the customer", len(when(customer.GetRenewal(ctx, renewal, nil)).Then(t).JSON200.Items), 2)
}

// An operation aligns by the whole selection, not chunk by chunk.
func TestAlignInAnOperation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	accepted := when(d.reseller.RenewDevices(ctx, &client.RenewDevicesParams{Prefer: new("respond-async")}, aligned("latest"))).Then(t).JSON202
	d.finished(d.reseller, accepted.Id)
	for _, r := range when(d.reseller.GetOperationResults(ctx, accepted.Id, nil)).Then(t).JSON200.Items {
		expect(t, "end", *r.Device.ServiceEnd, d.ends[2].String())
	}
}

// Without a sandbox there is no clock, whatever is asked.
func TestNoSandbox(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reseller := s.reseller("Northwind")
	for _, c := range []*caller{s.caller, reseller} {
		when(c.GetSandboxClock(t.Context())).Refused(t, 404, "not_found")
		for _, span := range []string{"P1M", "soon"} {
			when(c.MoveSandboxClock(t.Context(), nil, client.ClockRequest{Advance: &span})).Refused(t, 404, "not_found")
		}
	}
}
