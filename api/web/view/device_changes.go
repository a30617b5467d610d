package view

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// DeviceChanges is one change of many devices: as it was filled in, what it would do,
// or what it did.
type DeviceChanges struct {
	Frame               Frame
	Devices             []string
	Action              string
	Add, Remove, Reason string
	Checked, Done       *openapi.BulkResult
	Problem             *client.Problem
}

// bulkActions are what can be done to many devices.
var bulkActions = []struct{ value, name, verb string }{
	{"relabel", "Change labels", "Relabel"}, {"suspend", "Suspend", "Suspend"}, {"resume", "Resume", "Resume"},
	{"retire", "Retire: take them out of service", "Retire"}, {"reinstate", "Reinstate what was retired", "Reinstate"},
}

// Request is what the form asks the interface for, of some of its devices.
func (c DeviceChanges) Request(devices []string) openapi.DeviceChanges {
	request := openapi.DeviceChanges{Action: openapi.DeviceChangesAction(c.Action), Devices: devices, Reason: filled(c.Reason)}
	if c.Action == "relabel" {
		request.Labels = &openapi.LabelChange{}
		if add := SplitLabels(c.Add); len(add) > 0 {
			request.Labels.Add = &add
		}
		if remove := SplitLabels(c.Remove); len(remove) > 0 {
			request.Labels.Remove = &remove
		}
	}
	return request
}

// Unlabelled reports whether no label was named.
func (c DeviceChanges) Unlabelled() bool {
	return len(SplitLabels(c.Add)) == 0 && len(SplitLabels(c.Remove)) == 0
}

// verb is the action on the button that carries it out.
func (c DeviceChanges) verb() string {
	for _, a := range bulkActions {
		if a.value == c.Action {
			return a.verb
		}
	}
	return "Change"
}

// typed are the devices as a form carries them: one field, however many.
func (c DeviceChanges) typed() string { return strings.Join(c.Devices, "\n") }

// result is what to show: of the change, else of the check.
func (c DeviceChanges) result() *openapi.BulkResult {
	return cmp.Or(c.Done, c.Checked)
}

// mostRows bounds the rows of a result on one page.
const mostRows = 500

// rows are the results to show, refused ones first.
func (c DeviceChanges) rows() []openapi.ItemResult {
	all := slices.Clone(c.result().Results)
	slices.SortStableFunc(all, func(a, b openapi.ItemResult) int { return cmp.Compare(refusedFirst(a), refusedFirst(b)) })
	return all[:min(len(all), mostRows)]
}

func refusedFirst(r openapi.ItemResult) int {
	if r.Outcome == "refused" {
		return 0
	}
	return 1
}

func changedOf(b *openapi.BulkResult) int {
	if b.Summary.Changed == nil {
		return 0
	}
	return *b.Summary.Changed
}
