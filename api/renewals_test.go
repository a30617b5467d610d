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
		d.inviteAgain(d.resellerUID, d.customer)
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

// A preview says what the order would do, and the operator's does; the reversal
// undoes it, once.
func TestPreviewRenewReverse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	latest := aligned("latest")
	latest.OrderNumber = new("PO-7")
	last := d.ends[2].String()
	for by, outcome := range map[*caller]string{d.reseller: "ordered", d.caller: "renewed"} {
		preview := when(by.PreviewRenewals(ctx, nil, latest)).Then(t).JSON200
		for i, r := range preview.Results {
			expect(t, "current end", *r.CurrentEnd, d.ends[i].String())
			if i == 2 {
				expect(t, "the latest", []any{string(r.Outcome), r.NewEnd == nil, r.DaysGained}, []any{"unchanged", true, 0})
				continue
			}
			expect(t, "new end", []any{string(r.Outcome), *r.NewEnd, r.DaysGained}, []any{outcome, last, int(d.ends[2] - d.ends[i])})
		}
		expect(t, "summary", []int{preview.Summary.Total, *preview.Summary.Renewed + *preview.Summary.Ordered, preview.Summary.Unchanged}, []int{3, 2, 1})
	}
	renewed := when(d.RenewDevices(ctx, nil, latest)).Then(t).JSON200
	expect(t, "renewal", outcomes(*renewed), []string{"renewed", "renewed", "unchanged"})
	expect(t, "ends", ends(*renewed), []string{last, last, last})
	id, mistake := *renewed.Id, client.RenewalReversalRequest{Reason: new("ordered twice")}

	when(d.reseller.ReverseRenewal(ctx, id, nil, mistake)).Refused(t, 403, "forbidden")
	when(d.ReverseRenewal(ctx, id, nil, client.RenewalReversalRequest{})).Refused(t, 422, "/reason reason_missing")
	dry := when(d.ReverseRenewal(ctx, id, &client.ReverseRenewalParams{DryRun: new(true)}, mistake)).Then(t).JSON200
	expect(t, "dry run", ends(*dry), []string{d.ends[0].String(), d.ends[1].String()})
	reversed := when(d.ReverseRenewal(ctx, id, nil, mistake)).Then(t).JSON201
	expect(t, "reversal", outcomes(*reversed), []string{"reversed", "reversed"})
	expect(t, "ends after it", ends(*reversed), []string{d.ends[0].String(), d.ends[1].String()})
	expect(t, "counted", *reversed.Summary.Reversed, 2)
	again := when(d.ReverseRenewal(ctx, id, nil, mistake)).Then(t).JSON201
	expect(t, "twice", len(again.Results), 0)

	d.reseller.After(d.Position())
	shown := when(d.reseller.GetRenewal(ctx, id, nil)).Then(t).JSON200
	expect(t, "devices of the order", []any{len(shown.Items), string(shown.State), shown.Account == nil}, []any{2, "reversed", true})
	for i, item := range shown.Items {
		expect(t, "item", []any{item.SerialNumber, *item.OldEnd, *item.NewEnd, item.OrderNumber, item.ReversedAt != nil, item.Reason},
			[]any{mp70(i), d.ends[i].String(), last, "PO-7", true, "ordered twice"})
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
	when(d.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(0)}, Until: new(d1.String())})).Then(t)
	expect(t, "majority", preview(aligned("majority")), []string{"unchanged", "unchanged", "refused until_not_later"})
	both := aligned("latest")
	both.Term = new("P1Y")
	when(d.reseller.PreviewRenewals(ctx, nil, both)).Refused(t, 422, "term_ambiguous")
	when(d.reseller.RenewDevices(ctx, nil, both)).Refused(t, 422, "term_ambiguous")
	when(d.reseller.RenewDevices(ctx, nil, order(client.RenewalRequest{}))).Refused(t, 422, "term_missing")
	for _, wrong := range []string{"tomorrow", "", "2027-02-30"} {
		when(d.reseller.RenewDevices(ctx, nil, aligned(wrong))).Refused(t, 400, "/alignTo align_invalid")
	}
	d.clock.Advance(3 * 365 * 24 * time.Hour)
	d.inviteAgain(d.resellerUID)
	expect(t, "all expired", preview(aligned("latest")), []string{"refused nothing_to_align", "refused nothing_to_align", "refused nothing_to_align"})
}

// A device of somebody else neither shows in a preview nor sets the day; its
// order is not there for others.
func TestRenewalsOfOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	stranger := d.signIn(d.account("Stranger", client.Standard), "")
	renewal := *when(d.reseller.RenewDevices(ctx, nil, aYear())).Then(t).JSON200.Id
	stranger.After(d.reseller.Position())
	for _, id := range []uuid.UUID{renewal, uuid.New()} {
		when(stranger.GetRenewal(ctx, id, nil)).Refused(t, 404, "not_found")
		when(stranger.WithdrawRenewal(ctx, id, nil, client.RenewalAnswer{})).Refused(t, 404, "not_found")
		when(stranger.ApplyRenewal(ctx, id, nil, client.RenewalAnswer{})).Refused(t, 403, "forbidden")
	}
	for _, p := range []*client.ListRenewalsParams{nil, {Device: &[]string{mp70(0)}}, {Account: &[]uuid.UUID{d.customer}}, {Account: &[]uuid.UUID{d.resellerUID}}} {
		expect(t, "listed", when(stranger.ListRenewals(ctx, p)).Then(t).JSON200.Total, 0)
	}
	for _, r := range when(stranger.PreviewRenewals(ctx, nil, aligned("latest"))).Then(t).JSON200.Results {
		expect(t, "of others", []any{string(r.Outcome), r.Problems[0].Code, len(r.Problems), r.Device == nil, r.CurrentEnd == nil},
			[]any{"refused", "device_not_found", 1, true, true})
	}
	// Who acts for its own account means no devices of others, whatever its rights.
	own := &d.resellerUID
	when(d.reseller.WithdrawRenewal(ctx, renewal, &client.WithdrawRenewalParams{XAccount: own}, client.RenewalAnswer{})).Refused(t, 404, "not_found")
	when(d.reseller.GetRenewal(ctx, renewal, &client.GetRenewalParams{XAccount: own})).Refused(t, 404, "not_found")
	acting := when(d.reseller.PreviewRenewals(ctx, &client.PreviewRenewalsParams{XAccount: own}, aligned("latest"))).Then(t).JSON200
	expect(t, "acting for another", []any{acting.Results[0].Problems[0].Code, acting.Results[0].Device == nil}, []any{"device_not_found", true})
}

// A device that was transferred since keeps what it has got, and its new owner
// does not see what the old one ordered.
func TestReversalAfterATransfer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	renewal := *when(d.RenewDevices(ctx, nil, aYear())).Then(t).JSON200.Id
	when(d.reseller.TransferDevices(ctx, nil, client.TransferRequest{From: &d.customer, To: &d.resellerUID, Devices: &[]string{mp70(1)}})).Then(t)
	of := func(names ...string) client.RenewalReversalRequest {
		names = append([]string{}, names...)
		return client.RenewalReversalRequest{Devices: &names, Reason: new("a mistake")}
	}
	all := when(d.ReverseRenewal(ctx, renewal, &client.ReverseRenewalParams{Atomic: new(true), DryRun: new(true)},
		client.RenewalReversalRequest{Reason: new("a mistake")})).Then(t).JSON200
	expect(t, "all or nothing", outcomes(*all), []string{"refused batch_refused", "refused transferred_since", "refused batch_refused"})
	some := when(d.ReverseRenewal(ctx, renewal, nil, of(mp70(0), mp70(2)))).Then(t).JSON201
	expect(t, "the others", outcomes(*some), []string{"reversed", "reversed"})
	when(d.ReverseRenewal(ctx, renewal, nil, of())).RefusedAs(t, 422)

	d.reseller.After(d.Position())
	shown := when(d.reseller.GetRenewal(ctx, renewal, nil)).Then(t).JSON200
	expect(t, "as a whole", []any{len(shown.Items), string(shown.State), shown.Devices.Reversed}, []any{3, "applied", 2})
	onlyOwn := &client.GetRenewalParams{XAccount: &d.resellerUID}
	when(d.reseller.GetRenewal(ctx, renewal, onlyOwn)).Refused(t, 404, "not_found")
}

// An operation aligns by the whole selection, not chunk by chunk.
func TestAlignInAnOperation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	accepted := when(d.RenewDevices(ctx, &client.RenewDevicesParams{Prefer: new("respond-async")}, aligned("latest"))).Then(t).JSON202
	d.finished(d.caller, accepted.Id)
	for _, r := range when(d.GetOperationResults(ctx, accepted.Id, nil)).Then(t).JSON200.Items {
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
