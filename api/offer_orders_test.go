package api_test

import (
	"testing"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app"
)

// Another offer is ordered, and comes with the order: when the operator applies it,
// by a term or alone, and goes when it is reversed.
func TestAnotherOfferIsOrdered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	boss := d.signIn(d.customer, "")
	_, stranger := d.stack.reseller("Southwind")
	what := aYear()
	what.Offer, what.Devices = new(client.Basic), []string{mp70(0), mp70(1)}
	previews := when(boss.PreviewRenewals(ctx, nil, what)).Then(t).JSON200.Results
	expect(t, "preview", []string{string(previews[0].Outcome), *previews[0].Offer, previews[0].Device.Offer}, []string{"ordered", "basic", "complete"})
	hidden := when(stranger.PreviewRenewals(ctx, nil, what)).Then(t).JSON200.Results[0]
	expect(t, "a stranger's", []any{string(hidden.Outcome), hidden.Offer == nil}, []any{"refused", true})
	gold := what
	gold.Offer = new(client.Offer("gold"))
	when(boss.RenewDevices(ctx, nil, gold)).RefusedAs(t, 400)
	gold.Offer = new(client.Premium)
	expect(t, "what the model has not", outcomes(*when(boss.RenewDevices(ctx, nil, gold)).Then(t).JSON200), []string{"refused offer_not_available", "refused offer_not_available"})

	ordered := when(boss.RenewDevices(ctx, nil, what)).Then(t).JSON200
	expect(t, "ordered", outcomes(*ordered), []string{"ordered", "ordered"})
	offer := func(n int) string { return when(d.GetDevice(ctx, mp70(n), nil)).Then(t).JSON200.Offer }
	expect(t, "it waits", offer(0), "complete")
	expect(t, "shown", *when(boss.GetRenewal(ctx, *ordered.Id, nil)).Then(t).JSON200.Offer, "basic")
	applied := when(d.ApplyRenewal(ctx, *ordered.Id, nil, client.RenewalAnswer{})).Then(t).JSON200
	expect(t, "applied", []string{outcomes(*applied)[0], applied.Results[0].Device.Offer, offer(1)}, []string{"renewed", "basic", "basic"})
	boss.After(d.Position())
	history := when(boss.GetDeviceHistory(ctx, mp70(0), nil)).Then(t).JSON200
	expect(t, "history", *history.Items[len(history.Items)-1].Type, "OfferChanged")
	when(d.ReverseRenewal(ctx, *ordered.Id, nil, client.RenewalReversalRequest{Reason: new("a mistake")})).Then(t)
	expect(t, "reversed", []string{offer(0), offer(1)}, []string{"complete", "complete"})

	alone := client.RenewalRequest{Offer: new(client.Basic), Devices: []string{mp70(2)}, OrderNumber: new("PO-4")}
	ordered = when(boss.RenewDevices(ctx, nil, alone)).Then(t).JSON200
	expect(t, "ordered", outcomes(*ordered), []string{"ordered"})
	applied = when(d.ApplyRenewal(ctx, *ordered.Id, nil, client.RenewalAnswer{})).Then(t).JSON200
	now := applied.Results[0].Device
	expect(t, "the offer alone", []string{outcomes(*applied)[0], now.Offer, *now.ServiceEnd}, []string{"renewed", "basic", d.ends[2].String()})
	shown := when(d.GetRenewal(ctx, *ordered.Id, nil)).Then(t).JSON200
	expect(t, "shown", []string{string(shown.State), string(shown.Items[0].State), *shown.Offer}, []string{"applied", "applied", "basic"})
	expect(t, "as it is", outcomes(*when(d.RenewDevices(ctx, nil, alone)).Then(t).JSON200), []string{"unchanged"})
	when(d.ReverseRenewal(ctx, *ordered.Id, nil, client.RenewalReversalRequest{Reason: new("a mistake")})).Then(t)
	expect(t, "reversed", []string{offer(2), string(when(d.GetRenewal(ctx, *ordered.Id, nil)).Then(t).JSON200.State)}, []string{"complete", "reversed"})
}

// Where orders are applied at once, so is another offer, for whoever may renew the
// device.
func TestAnotherOfferAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(func(d *app.Dependencies, _ *api.Options) { d.AutomaticOrders = true }))
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	customer := s.customerOf(reseller, "Alder")
	boss := s.signIn(customer, "")
	expect(t, "registered", reseller.registers(newDevice(1, customer)), []string{"created"})
	what := client.RenewalRequest{Term: new("P1Y"), Offer: new(client.Basic), Devices: []string{mp70(1)}}
	expect(t, "under read-only", outcomes(*when(reseller.RenewDevices(ctx, nil, what)).Then(t).JSON200), []string{"ordered"})
	dry := when(boss.RenewDevices(ctx, &client.RenewDevicesParams{DryRun: new(true)}, what)).Then(t).JSON200
	expect(t, "dry run", []string{outcomes(*dry)[0], dry.Results[0].Device.Offer}, []string{"renewed", "basic"})
	done := when(boss.RenewDevices(ctx, nil, what)).Then(t).JSON200
	expect(t, "at once", []string{outcomes(*done)[0], done.Results[0].Device.Offer}, []string{"renewed", "basic"})
	expect(t, "kept", when(boss.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200.Offer, "basic")
}

// An order without a term says what is to be sent, a preview too.
func TestAnOrderSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	none, two := order(client.RenewalRequest{}), order(client.RenewalRequest{Term: new("P1Y"), AlignTo: new("latest")})
	for _, refused := range []*client.Problem{
		when(d.reseller.RenewDevices(ctx, nil, none)).Refused(t, 422, "term_missing"),
		when(d.reseller.PreviewRenewals(ctx, nil, none)).Refused(t, 422, "term_missing"),
	} {
		expect(t, "detail", refused.Detail, "Give one of term (such as P1Y), until (a date) and alignTo (a date, latest, majority or monthEnd); none of them only for another offer.")
	}
	when(d.reseller.PreviewRenewals(ctx, nil, two)).Refused(t, 422, "term_ambiguous")
}

// An ICCID is corrected and taken away; a device with one does not enter a
// reseller's account, and gets none there.
func TestAnICCIDIsCorrected(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	customer := s.customerOf(reseller, "Alder")
	s.fullAccess(resellerUID, customer)
	withSIM := newDevice(1, customer)
	withSIM.Iccid = new("8931440300000000000")
	expect(t, "registered", reseller.registers(withSIM), []string{"created"})
	edit := func(c *caller, iccid string) *string {
		when(c.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Iccid: &iccid})).Then(t)
		return when(c.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200.Iccid
	}
	expect(t, "corrected", *edit(reseller, "8931440300000000018"), "8931440300000000018")
	when(reseller.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Iccid: new("12")})).Refused(t, 422, "/iccid iccid_invalid")
	into := client.TransferRequest{From: &customer, To: &resellerUID, Devices: &[]string{mp70(1)}}
	expect(t, "with a SIM", outcomes(*when(reseller.TransferDevices(ctx, nil, into)).Then(t).JSON201), []string{"refused sim_not_allowed"})
	if gone := edit(reseller, ""); gone != nil {
		t.Errorf("still %s", *gone)
	}
	expect(t, "without", outcomes(*when(reseller.TransferDevices(ctx, nil, into)).Then(t).JSON201), []string{"transferred"})
	when(reseller.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Iccid: new("8931440300000000018")})).Refused(t, 422, "sim_not_allowed")
	history := when(reseller.GetDeviceHistory(ctx, mp70(1), nil)).Then(t).JSON200
	var told []string
	for _, item := range history.Items {
		if item.Type != nil {
			told = append(told, *item.Type)
		}
	}
	expect(t, "history", told[len(told)-3:], []string{"SIMAssigned", "SIMRemoved", "Transferred"})
}
