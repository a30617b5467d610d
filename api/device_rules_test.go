package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// A device with a SIM does not enter a reseller's account; without it, it does.
func TestSIMOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	customerUID := s.customerOf(reseller, "Alder")
	s.fullAccess(resellerUID, customerUID)
	customer := s.signIn(customerUID, "")
	d := newDevice(1)
	d.Iccid, d.OrderNumber = new("8931440300000000000"), new("PO-7")
	expect(t, "with a SIM", customer.registers(d), []string{"created"})
	device := func() client.Device { return *when(customer.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200 }
	shown := device()
	if *shown.Iccid != "8931440300000000000" || *shown.OrderNumber != "PO-7" || *shown.IncludedUntil != "2027-03-15" || shown.ParkedUntil != nil ||
		*shown.Allocation != (client.ServiceAllocation{Kind: "included", Until: "2027-03-15"}) {
		t.Errorf("device %s", mustJSON(t, shown))
	}

	for query, total := range map[string]int{"?simNotAllowed=true": 0, "?simNotAllowed=false": 1, "": 1} {
		expect(t, "with a SIM where it may be"+query, into[openapi.DeviceList](customer.get("/v1/devices"+query).is(200)).Total, total)
	}
	customer.get("/v1/devices?simNotAllowed=maybe").refusedWith(400, "#/query/simNotAllowed wrong_type")

	take := func() []string {
		return outcomes(*when(reseller.TransferDevices(ctx, nil, client.TransferRequest{
			From: &customerUID, To: &resellerUID, Devices: &[]string{mp70(1)},
		})).Then(t).JSON201)
	}
	expect(t, "with a SIM", take(), []string{"refused sim_not_allowed"})
	edit := func(iccid string) client.DeviceEdit { return client.DeviceEdit{Iccid: &iccid} }
	when(customer.EditDevice(ctx, mp70(1), nil, edit("89"))).Refused(t, 422, "/iccid iccid_invalid")
	when(customer.EditDevice(ctx, mp70(1), nil, edit("8931440300000000018"))).Then(t)
	expect(t, "corrected", *device().Iccid, "8931440300000000018")
	when(customer.EditDevice(ctx, mp70(1), nil, edit(""))).Then(t)
	if got := device(); got.Iccid != nil {
		t.Errorf("still has %s", *got.Iccid)
	}
	expect(t, "without a SIM", take(), []string{"transferred"})
	held := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200
	if *held.ParkedUntil != "2027-03-15" || held.Allocation.Until != "2027-03-15" || *held.ServiceEnd != "2031-03-15" {
		t.Errorf("held %s", mustJSON(t, held))
	}
	when(reseller.EditDevice(ctx, mp70(1), nil, edit("8931440300000000018"))).Refused(t, 422, "sim_not_allowed")
}

// A standard account registers into itself, a reseller also into standard ones.
func TestWhoRegistersWhereOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	rivalUID, rival := s.reseller("Southwind")
	customerUID, foreignUID := s.customerOf(reseller, "Alder"), s.customerOf(rival, "Birch")
	customer := s.signIn(customerUID, "")
	expect(t, "a customer", customer.registers(
		newDevice(1), newDevice(2, customerUID), newDevice(3, foreignUID), newDevice(4, resellerUID), newDevice(5, uuid.New()),
	), []string{"created", "created", "refused target_unknown", "refused target_is_reseller", "refused target_unknown"})
	expect(t, "a reseller", reseller.registers(newDevice(6), newDevice(7, foreignUID), newDevice(8, rivalUID)),
		[]string{"created", "created", "refused target_is_reseller"})
	expect(t, "its own again", reseller.registers(newDevice(7, foreignUID)), []string{"unchanged"})

	rival.After(reseller.Position())
	expect(t, "another's", rival.registers(newDevice(9, foreignUID)), []string{"created"})
	named := newDevice(10, foreignUID)
	named.Name = new(mp70(9)) // the name of the device that is there
	dry := when(reseller.RegisterDevices(ctx, &client.RegisterDevicesParams{DryRun: new(true)}, request(newDevice(9, foreignUID), named))).Then(t).JSON200
	expect(t, "dry run", outcomes(*dry), []string{"refused registered_elsewhere", "created"})
	expect(t, "not seen", reseller.registers(newDevice(9, foreignUID), named), []string{"refused registered_elsewhere", "created"})
	rival.After(reseller.Position())
	expect(t, "silently replaced", when(rival.GetDevice(ctx, mp70(10), nil)).Then(t).JSON200.Name, mp70(10))
	when(reseller.RegisterDevices(ctx, nil, client.RegistrationRequest{Items: []client.Registration{}})).Refused(t, 422, "/items selection_empty")
	expect(t, "nobody acted for", s.registers(newDevice(11)), []string{"refused account_required"})
}

// Under the default profile a reseller gives devices, and takes back what it gave
// for a day; the customer returns them.
func TestTransferUnderTheDefaultProfile(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	customerUID := s.customerOf(reseller, "Alder")
	customer := s.signIn(customerUID, "")
	expect(t, "registration", reseller.registers(newDevice(1), newDevice(2)), []string{"created", "created"})
	give := client.TransferRequest{From: &resellerUID, To: &customerUID, Devices: &[]string{mp70(1)}}
	back := client.TransferRequest{From: &customerUID, To: &resellerUID, Devices: &[]string{mp70(1)}}

	plan := when(reseller.PlanTransfer(ctx, nil, client.TransferPlanRequest{From: resellerUID, To: customerUID, Devices: []string{mp70(1)}})).Then(t).JSON201
	s.clock.Advance(23 * time.Hour)
	given := when(reseller.TransferDevices(ctx, nil, client.TransferRequest{PlanId: &plan.Id})).Then(t).JSON201
	expect(t, "after midnight", outcomes(*given), []string{"transferred"})
	expect(t, "planned as of", plan.Day+" "+plan.Results[0].Resulting.ServiceEnd, "2026-03-15 2027-03-15")
	expect(t, "by the date of the commit", *given.Results[0].Device.ServiceEnd, "2027-03-16")

	expect(t, "taken", outcomes(*when(reseller.TransferDevices(ctx, nil, back)).Then(t).JSON200), []string{"refused missing_right"})
	undone := when(reseller.ReverseTransfer(ctx, *given.Id, nil, client.TransferReversalRequest{Reason: "wrong box"})).Then(t).JSON201
	expect(t, "undone", outcomes(*undone), []string{"transferred"})
	again := when(reseller.TransferDevices(ctx, nil, give)).Then(t).JSON201
	s.clock.Advance(25 * time.Hour)
	late := when(reseller.ReverseTransfer(ctx, *again.Id, nil, client.TransferReversalRequest{Reason: "wrong box"})).Then(t).JSON200
	expect(t, "a day later", outcomes(*late), []string{"refused missing_right"})
	expect(t, "returned", outcomes(*when(customer.TransferDevices(ctx, nil, back)).Then(t).JSON201), []string{"transferred"})

	other := s.customerOf(reseller, "Birch")
	when(reseller.TransferDevices(ctx, &client.TransferDevicesParams{XAccount: &other}, give)).Refused(t, 404, "not_found")
}

// A retired device comes back to its account, or goes to whoever holds it.
func TestRetiredDevicesOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	expect(t, "registration", reseller.registers(newDevice(1)), []string{"created"})
	when(reseller.RetireDevice(ctx, mp70(1), nil, client.Reason{})).Then(t)
	retired := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200
	if retired.AutoRenew || retired.LifeCycleState != "retired" {
		t.Errorf("retired %s", mustJSON(t, retired))
	}
	taken := newDevice(2)
	taken.Name = new(mp70(1))
	expect(t, "its name", reseller.registers(taken), []string{"created"})
	when(reseller.ReinstateDevice(ctx, mp70(1), nil, client.Reinstatement{})).Refused(t, 409, "name_taken")
	when(reseller.ReinstateDevice(ctx, mp70(1), nil, client.Reinstatement{Name: new("back again")})).Then(t)
	now := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200
	if !now.AutoRenew || now.LifeCycleState != "active" || now.Name != "back again" {
		t.Errorf("reinstated %s", mustJSON(t, now))
	}
	basic := client.DeviceEdit{Offer: new(client.Basic)}
	when(reseller.EditDevice(ctx, mp70(1), nil, basic)).Refused(t, 422, "order_needed")
	s.After(reseller.Position())
	when(s.EditDevice(ctx, mp70(1), nil, basic)).Then(t)
	expect(t, "offer", when(s.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200.Offer, "basic")
	when(s.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Offer: new(client.Premium)})).Refused(t, 422, "offer_not_available")

	buyerUID, buyer := s.reseller("Southwind")
	s.activate(buyerUID)
	when(reseller.RetireDevice(ctx, mp70(1), nil, client.Reason{})).Then(t)
	asked := when(buyer.RequestRelease(ctx, nil, client.ReleaseRequestInput{SerialNumber: mp70(1), Imei: new(imei(1))})).Then(t).JSON201
	s.clock.Advance(7 * 24 * time.Hour)
	s.runDue()
	expect(t, "by itself", string(when(buyer.GetReleaseRequest(ctx, asked.Id, nil)).Then(t).JSON200.State), "granted")
	expect(t, "registered anew", buyer.registers(newDevice(1)), []string{"created"})
}
