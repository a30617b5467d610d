package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

func states(r *openapi.Renewal) []string {
	all := []string{string(r.State)}
	for _, item := range r.Items {
		all = append(all, string(item.State))
	}
	return all
}

// What a partner orders waits under a read-only profile, too; the operator
// applies some of it and declines the rest, or whoever ordered takes it back.
func TestOrdersWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	d.partnerProfile(d.resellerUID, d.customer, "read-only")
	what := aYear()
	what.OrderNumber = new("PO-1")
	dry := when(d.reseller.RenewDevices(ctx, &client.RenewDevicesParams{DryRun: new(true)}, what)).Then(t).JSON200
	expect(t, "dry run", []any{outcomes(*dry)[0], dry.Id == nil}, []any{"ordered", true})
	ordered := when(d.reseller.RenewDevices(ctx, nil, what)).Then(t).JSON200
	expect(t, "ordered", outcomes(*ordered), []string{"ordered", "ordered", "ordered"})
	expect(t, "counted", []int{*ordered.Summary.Ordered, *ordered.Summary.Renewed}, []int{3, 0})
	expect(t, "nothing has changed", ends(*ordered), []string{d.ends[0].String(), d.ends[1].String(), d.ends[2].String()})
	id := *ordered.Id

	again := when(d.reseller.RenewDevices(ctx, nil, what)).Then(t).JSON200
	expect(t, "the number again", []any{outcomes(*again)[0], again.Id == nil}, []any{"refused order_number_used", true})
	reason := client.RenewalAnswer{Reason: new("not paid")}
	when(d.reseller.ApplyRenewal(ctx, id, nil, client.RenewalAnswer{})).Refused(t, 403, "forbidden")
	when(d.reseller.DeclineRenewal(ctx, id, nil, reason)).Refused(t, 403, "forbidden")
	when(d.DeclineRenewal(ctx, id, nil, client.RenewalAnswer{})).Refused(t, 422, "/reason reason_missing")
	when(d.WithdrawRenewal(ctx, id, nil, client.RenewalAnswer{})).Refused(t, 403, "order_not_yours")
	when(d.ApplyRenewal(ctx, uuid.New(), nil, client.RenewalAnswer{})).Refused(t, 404, "order_not_found")

	one := client.RenewalAnswer{Devices: &[]string{mp70(0)}}
	tried := when(d.ApplyRenewal(ctx, id, &client.ApplyRenewalParams{DryRun: new(true)}, one)).Then(t).JSON200
	expect(t, "tried", outcomes(*tried), []string{"renewed"})
	applied := when(d.ApplyRenewal(ctx, id, nil, one)).Then(t).JSON200
	expect(t, "applied", []any{outcomes(*applied)[0], *applied.Results[0].Device.ServiceEnd}, []any{"renewed", d.ends[0].AddMonths(12, d.ends[0].Day()).String()})
	reason.Devices = &[]string{mp70(1)}
	when(d.DeclineRenewal(ctx, id, nil, reason)).Then(t)
	d.reseller.After(d.Position())
	expect(t, "by device", states(when(d.reseller.GetRenewal(ctx, id, nil)).Then(t).JSON200), []string{"ordered", "applied", "declined", "ordered"})
	when(d.reseller.WithdrawRenewal(ctx, id, nil, client.RenewalAnswer{})).Then(t)
	when(d.ApplyRenewal(ctx, id, nil, client.RenewalAnswer{Devices: &[]string{mp70(2)}})).Refused(t, 409, "order_not_open")
	shown := when(d.reseller.GetRenewal(ctx, id, nil)).Then(t).JSON200
	expect(t, "at last", states(shown), []string{"applied", "applied", "declined", "withdrawn"})
	expect(t, "told", []string{shown.Items[1].Reason, shown.OrderNumber, shown.Account.String()}, []string{"not paid", "PO-1", d.resellerUID.String()})

	anew := when(d.reseller.RenewDevices(ctx, nil, what)).Then(t).JSON200
	expect(t, "numbers", outcomes(*anew), []string{"refused order_number_used", "ordered", "ordered"})
	history := when(d.reseller.GetDeviceHistory(ctx, mp70(0), nil)).Then(t).JSON200
	told := map[string]string{}
	for _, c := range history.Items[len(history.Items)-1].Changes {
		told[c.Field] = c.After
	}
	expect(t, "history", []string{told["term"], told["orderNumber"]}, []string{"P1Y", "PO-1"})
	list := func(p client.ListRenewalsParams) int {
		return when(d.reseller.ListRenewals(ctx, &p)).Then(t).JSON200.Total
	}
	expect(t, "lists", []int{
		list(client.ListRenewalsParams{}), list(client.ListRenewalsParams{State: &[]openapi.RenewalState{openapi.RenewalStateApplied}}),
		list(client.ListRenewalsParams{Device: &[]string{mp70(0)}}), list(client.ListRenewalsParams{OrderNumber: &[]string{" po-1"}}),
		list(client.ListRenewalsParams{Account: &[]uuid.UUID{d.resellerUID}}), list(client.ListRenewalsParams{OrderNumber: &[]string{"PO-2"}}),
	}, []int{2, 1, 1, 2, 2, 0})
}

// A grant by term begins where the service ends, and tells the device's new dates.
func TestGrantAnswersTheDevice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	want := d.ends[0].AddMonths(12, d.ends[0].Day()).String()
	grant := client.AllocationRequest{Device: mp70(0), Term: new("P1Y"), Reason: new("goodwill")}
	when(d.reseller.GrantAllocation(ctx, nil, grant)).Refused(t, 403, "forbidden")
	expect(t, "dry run", *when(d.GrantAllocation(ctx, &client.GrantAllocationParams{DryRun: new(true)}, grant)).Then(t).JSON200.ServiceEnd, want)
	expect(t, "new end", *when(d.GrantAllocation(ctx, nil, grant)).Then(t).JSON201.ServiceEnd, want)
	d.reseller.After(d.Position())
	listed := when(d.reseller.ListAllocations(ctx, &client.ListAllocationsParams{Account: &[]uuid.UUID{d.customer}})).Then(t).JSON200
	expect(t, "listed", []any{listed.Total, listed.Items[0].SerialNumber, *listed.Items[0].OldEnd, listed.Items[0].Until, listed.Items[0].Reason},
		[]any{1, mp70(0), d.ends[0].String(), want, "goodwill"})
	expect(t, "of another device", when(d.reseller.ListAllocations(ctx, &client.ListAllocationsParams{Device: &[]string{mp70(1)}})).Then(t).JSON200.Total, 0)
}
