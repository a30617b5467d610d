package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// events counts those of the log.
func (s *stack) events() (n int) {
	s.t.Helper()
	must(s.t, s.service.Node.Pool().QueryRow(s.t.Context(), `SELECT count(*) FROM eventnode.events`).Scan(&n))
	return n
}

// withRights signs somebody in with some rights in an account.
func (s *stack) withRights(administrator *caller, account uuid.UUID, some ...string) *caller {
	s.t.Helper()
	made := when(administrator.DefineProfile(s.t.Context(), account, nil, client.NewProfile{Name: uuid.NewString(), Rights: some})).Then(s.t).JSON201
	return s.signIn(account, made.Uid.String())
}

// What rights do not give is neither done nor shown nor written, inside an account, too.
func TestRightsInsideAnAccount(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, administrator := s.reseller("Northwind")
	customerUID := s.customerOf(administrator, "Alder")
	_, stranger := s.reseller("Stranger")
	expect(t, "registration", administrator.registers(newDevice(1), newDevice(2)), []string{"created", "created"})
	moving := client.TransferRequest{From: &resellerUID, To: &customerUID, Devices: &[]string{mp70(1), mp70(2)}}
	planning := client.TransferPlanRequest{From: resellerUID, To: customerUID, Devices: *moving.Devices}
	plan := when(administrator.PlanTransfer(ctx, nil, planning)).Then(t).JSON201.Id
	async := new("respond-async")
	operation := when(administrator.RegisterDevices(ctx, &client.RegisterDevicesParams{Prefer: async}, request(newDevice(3)))).Then(t).JSON202.Id
	s.finished(administrator, operation)

	reads := s.withRights(administrator, resellerUID, "devices.read")
	looks := s.withRights(administrator, resellerUID, "account.read")
	moves := s.withRights(administrator, resellerUID, "devices.transfer")
	registers := s.withRights(administrator, resellerUID, "devices.register")

	// Results and plans are shown to those who read devices.
	when(reads.GetOperationResults(ctx, operation, nil)).Then(t)
	when(reads.GetTransferPlan(ctx, plan, nil)).Then(t)
	at := "/v1/operations/" + operation.String()
	for _, c := range []*caller{looks, moves} {
		when(c.GetOperation(ctx, operation, nil)).Then(t)
		for _, form := range []string{"application/json", "text/csv", "application/x-ndjson"} {
			c.get(at+"/results", "Accept: "+form).is(403)
		}
		when(c.GetTransferPlan(ctx, plan, nil)).Refused(t, 404, "not_found")
	}
	when(stranger.GetOperationResults(ctx, operation, nil)).Refused(t, 404, "not_found")
	own := when(registers.RegisterDevices(ctx, &client.RegisterDevicesParams{Prefer: async}, request(newDevice(4)))).Then(t).JSON202.Id
	s.finished(registers, own)
	mine := when(registers.GetOperationResults(ctx, own, nil)).Then(t).JSON200
	if len(mine.Items) != 1 || mine.Items[0].Outcome != "created" || mine.Items[0].Device != nil {
		t.Errorf("its own operation: %+v", mine)
	}

	// A refusal for want of a right is no part of the log.
	before := s.events()
	for range 2 {
		kept := when(reads.TransferDevices(ctx, nil, moving)).Then(t)
		expect(t, "read-only", outcomes(*kept.JSON200), []string{"refused missing_right", "refused missing_right"})
		if kept.JSON200.Id != nil {
			t.Errorf("it is at %s", *kept.JSON200.Id)
		}
		when(reads.TransferDevices(ctx, nil, client.TransferRequest{PlanId: &plan})).Then(t)
		when(looks.TransferDevices(ctx, nil, moving)).Refused(t, 403, "missing_right")
		when(looks.PlanTransfer(ctx, nil, planning)).Refused(t, 403, "missing_right")
	}
	expect(t, "events", s.events(), before)

	// Nothing is queued for whoever could do none of it.
	for _, c := range []*caller{looks, moves} {
		when(c.RenewDevices(ctx, &client.RenewDevicesParams{Prefer: async}, client.RenewalRequest{
			Devices: []string{mp70(1)}, Term: new("P1Y"), OrderNumber: new("PO-1"),
		})).Refused(t, 403, "missing_right")
		when(c.ChangeDevices(ctx, &client.ChangeDevicesParams{Prefer: async}, changes("suspend", mp70(1)))).Refused(t, 403, "missing_right")
	}
	when(reads.TransferDevices(ctx, &client.TransferDevicesParams{Prefer: async}, moving)).Refused(t, 403, "missing_right")
	when(stranger.TransferDevices(ctx, &client.TransferDevicesParams{Prefer: async}, moving)).Refused(t, 404, "not_found")
	expect(t, "operations", when(administrator.ListOperations(ctx, nil)).Then(t).JSON200.Total, 2)

	// The right alone is enough, also to commit the plan.
	expect(t, "committed", outcomes(*when(moves.TransferDevices(ctx, nil, client.TransferRequest{PlanId: &plan})).Then(t).JSON201),
		[]string{"transferred", "transferred"})
}
