package api_test

import (
	"fmt"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

func changes(action client.DeviceChangesAction, serials ...string) client.DeviceChanges {
	return client.DeviceChanges{Action: action, Devices: serials}
}

// One action on many devices, each decided as by its own route: by dry run, all or
// nothing, and again.
func TestManyDevicesAreChanged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	_, stranger := s.reseller("Southwind")
	customer := s.customerOf(reseller, "Alder")
	expect(t, "registered", reseller.registers(newDevice(1), newDevice(2), newDevice(3, customer)), []string{"created", "created", "created"})
	change := func(c *caller, what client.DeviceChanges, p ...client.ChangeDevicesParams) openapi.BulkResult {
		t.Helper()
		var params *client.ChangeDevicesParams
		if len(p) > 0 {
			params = &p[0]
		}
		return *when(c.ChangeDevices(ctx, params, what)).Then(t).JSON200
	}
	uid := when(reseller.GetDevice(ctx, mp70(2), nil)).Then(t).JSON200.Uid
	relabel := changes(client.Relabel, mp70(1), uid.String(), mp70(1), mp70(9), mp70(3))
	relabel.Labels = &client.LabelChange{Add: &[]string{" depot ", "north"}}
	want := []string{"changed", "changed", "refused duplicate_in_request", "refused device_not_found", "refused missing_right"}

	dry := change(reseller, relabel, client.ChangeDevicesParams{DryRun: new(true)})
	expect(t, "dry run", outcomes(dry), want)
	expect(t, "as it would be", dry.Results[0].Device.Labels, []string{"depot", "north"})
	expect(t, "still", len(when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200.Labels), 0)
	expect(t, "all or nothing", outcomes(change(reseller, relabel, client.ChangeDevicesParams{Atomic: new(true)}))[:2],
		[]string{"refused batch_refused", "refused batch_refused"})
	key := client.ChangeDevicesParams{IdempotencyKey: new("relabel-1")}
	done := change(reseller, relabel, key)
	expect(t, "done", outcomes(done), want)
	expect(t, "counted", []int{done.Summary.Total, *done.Summary.Changed, done.Summary.Refused}, []int{5, 2, 3})
	expect(t, "the same key", outcomes(change(reseller, relabel, key)), want)
	expect(t, "again", outcomes(change(reseller, relabel))[:2], []string{"unchanged", "unchanged"})
	relabel.Devices, relabel.Labels = relabel.Devices[:2], &client.LabelChange{Remove: &[]string{"north"}, Add: &[]string{"x"}}
	when(reseller.ChangeDevices(ctx, &key, relabel)).Refused(t, 422, "idempotency_key_reused")
	expect(t, "more and less", change(reseller, relabel).Results[1].Device.Labels, []string{"depot", "x"})
	relabel.Labels = &client.LabelChange{Set: &[]string{}}
	expect(t, "none", outcomes(change(reseller, relabel)), []string{"changed", "changed"})

	for _, step := range []struct {
		action client.DeviceChangesAction
		state  string
	}{{client.Suspend, "suspended"}, {client.Resume, "active"}, {client.Retire, "retired"}, {client.Reinstate, "active"}} {
		expect(t, "strangers", outcomes(change(stranger, changes(step.action, mp70(1)))), []string{"refused device_not_found"})
		expect(t, string(step.action), outcomes(change(reseller, changes(step.action, mp70(1), mp70(2)), client.ChangeDevicesParams{Atomic: new(true)})),
			[]string{"changed", "changed"})
		shown := when(reseller.GetDevice(ctx, mp70(2), nil)).Then(t).JSON200
		expect(t, "now", string(shown.LifeCycleState), step.state)
		expect(t, "twice", outcomes(change(reseller, changes(step.action, mp70(1), mp70(2)))), []string{"unchanged", "unchanged"})
	}
	s.fullAccess(resellerUID, customer)
	expect(t, "the customer's", outcomes(change(reseller, changes(client.Retire, mp70(3)))), []string{"changed"})
	history := when(reseller.GetDeviceHistory(ctx, mp70(3), nil)).Then(t).JSON200
	expect(t, "the event", *history.Items[len(history.Items)-1].Type, "Retired")

	when(reseller.ChangeDevices(ctx, nil, changes(client.Relabel, mp70(1)))).Refused(t, 422, "/labels labels_missing")
	unfit := changes(client.Suspend, mp70(1))
	unfit.Labels = &client.LabelChange{Add: &[]string{"a"}}
	when(reseller.ChangeDevices(ctx, nil, unfit)).Refused(t, 422, "/labels labels_not_allowed")
	unfit.Action, unfit.Labels = client.Relabel, &client.LabelChange{Add: &[]string{"a|b"}}
	when(reseller.ChangeDevices(ctx, nil, unfit)).Refused(t, 422, "/labels/add label_invalid")
	unfit.Labels = &client.LabelChange{Add: &[]string{"a"}, Set: &[]string{"b"}}
	when(reseller.ChangeDevices(ctx, nil, unfit)).Refused(t, 422, "/labels labels_ambiguous")
	when(reseller.ChangeDevices(ctx, nil, changes("explode", mp70(1)))).RefusedAs(t, 400)
	when(reseller.ChangeDevices(ctx, nil, client.DeviceChanges{Action: client.Retire, Devices: []string{}})).RefusedAs(t, 422)
}

// Over 1,000 devices, or when asked to, it is an operation.
func TestManyDevicesAreChangedInTheBackground(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	_, reseller := s.reseller("Northwind")
	expect(t, "registered", reseller.registers(newDevice(1), newDevice(2)), []string{"created", "created"})
	what := changes(client.Suspend, mp70(1), mp70(2), mp70(1))
	for n := range 1000 {
		what.Devices = append(what.Devices, fmt.Sprintf("LX%010d", n))
	}
	for _, dry := range []bool{true, false} {
		accepted := when(reseller.ChangeDevices(ctx, &client.ChangeDevicesParams{DryRun: &dry}, what)).Then(t).JSON202
		done := s.finished(reseller, accepted.Id)
		expect(t, "done", []any{string(done.Kind), *done.Summary.Changed, done.Summary.Refused, done.Summary.Total}, []any{"deviceChange", 2, 1001, 1003})
		shown := when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200
		expect(t, "state", string(shown.LifeCycleState), map[bool]string{true: "active", false: "suspended"}[dry])
	}
}
