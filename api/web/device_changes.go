package web

import (
	"context"
	"slices"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// mostChecked is how many devices are checked in one request; more would be long work.
const mostChecked = 1000

// deviceChanges asks what to do to the devices chosen.
func (d *Desk) deviceChanges(ctx context.Context, v *visit) error {
	chosen, err := v.chosen(ctx)
	if err != nil {
		return err
	}
	return d.showDeviceChanges(v, view.DeviceChanges{Devices: chosen, Action: v.query.Get("action")})
}

func (d *Desk) showDeviceChanges(v *visit, page view.DeviceChanges) error {
	page.Frame = v.frame(errorTitle("Change devices", page.Problem), "Devices")
	return v.show(statusOf(page.Problem), view.DeviceChangesPage(page))
}

// changeDevices checks what would become of the devices, or does it.
func (d *Desk) changeDevices(ctx context.Context, v *visit) error {
	chosen, err := v.chosen(ctx)
	if err != nil {
		return err
	}
	form := v.r.PostForm
	page := view.DeviceChanges{
		Devices: chosen, Action: form.Get("action"), Add: form.Get("add"), Remove: form.Get("remove"), Reason: form.Get("reason"),
	}
	switch {
	case page.Action == "":
		err = unreadable("action_missing", "#/action", "Choose what to do to the devices.")
	case page.Action == "relabel" && page.Unlabelled():
		err = unreadable("labels_missing", "#/labels/add", "Name a label to add or to remove.")
	case form.Get("do") == "check":
		page.Checked, err = v.checkDevices(ctx, page)
	default:
		var done *client.ChangeDevicesResponse
		done, err = v.fleet.ChangeDevices(ctx, nil, page.Request(chosen), v.once())
		if err == nil && done.JSON202 != nil {
			return v.to("/operations/" + done.JSON202.Id.String())
		}
		if err == nil {
			page.Done = done.JSON200
		}
	}
	if page.Problem = refusal(err); page.Problem == nil && err != nil {
		return err
	}
	return d.showDeviceChanges(v, page)
}

// checkDevices tries the change on all devices, a thousand at a time.
func (v *visit) checkDevices(ctx context.Context, page view.DeviceChanges) (*openapi.BulkResult, error) {
	whole := &openapi.BulkResult{DryRun: true, Summary: openapi.Summary{Changed: new(int)}}
	for some := range slices.Chunk(page.Devices, mostChecked) {
		tried, err := v.fleet.ChangeDevices(ctx, &client.ChangeDevicesParams{DryRun: pointer(true)}, page.Request(some))
		if err != nil {
			return nil, err
		}
		for _, r := range tried.JSON200.Results {
			r.Index = len(whole.Results)
			whole.Results = append(whole.Results, r)
		}
		s := tried.JSON200.Summary
		whole.Summary.Total += s.Total
		whole.Summary.Unchanged += s.Unchanged
		whole.Summary.Refused += s.Refused
		*whole.Summary.Changed += valueOf(s.Changed)
	}
	return whole, nil
}
