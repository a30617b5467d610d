package view

import (
	"slices"
	"strings"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// TransferChoice is the first step of a transfer: which devices, from where, to whom.
type TransferChoice struct {
	Frame          Frame
	Devices        []string // as they are named
	From, FromName string
	To             string // as it was typed
	Customers      []openapi.Customer
	Problem        *client.Problem
}

func (t TransferChoice) typed() string { return strings.Join(t.Devices, "\n") }

// TransferPlan is the second step: a verdict for each device.
type TransferPlan struct {
	Frame            Frame
	Plan             openapi.TransferPlan
	Devices          map[string]openapi.Device // as they are now, by uid
	FromName, ToName string
	Problem          *client.Problem
}

func (t TransferPlan) refused() []openapi.PlannedDevice { return t.with("refused") }

func (t TransferPlan) moving() []openapi.PlannedDevice { return t.with("transferable") }

func (t TransferPlan) with(verdict openapi.PlannedDeviceVerdict) []openapi.PlannedDevice {
	var some []openapi.PlannedDevice
	for _, r := range t.Plan.Results {
		if r.Verdict == verdict {
			some = append(some, r)
		}
	}
	return some
}

// Transferred is the third step: what became of each device.
type Transferred struct {
	Frame            Frame
	Transfer         openapi.Transfer
	FromName, ToName string
	Problem          *client.Problem
}

// moved are the devices that were moved and are still where they went.
func (t Transferred) moved() int {
	n := 0
	for _, r := range t.Transfer.Results {
		if valueOf(r.Outcome) == "transferred" && r.Reversal == nil {
			n++
		}
	}
	return n
}

// refused reports whether a reason stands beside any of the devices.
func (t Transferred) refused() bool {
	return slices.ContainsFunc(t.Transfer.Results, func(r openapi.TransferredDevice) bool { return len(r.Problems) > 0 })
}

// helps is where a remedy is to be had, empty where the reader cannot do it on a page.
func helps(f Frame, code string, device *string) string {
	uid := valueOf(device)
	switch code {
	case "purchase_renewal", "order_renewal":
		return "/renew?device=" + uid
	case "choose_other_name", "reinstate_device", "remove_sim", "change_offer":
		return "/devices/" + uid
	case "request_allocation":
		if f.Operator() {
			return "/grants?device=" + uid
		}
	case "choose_other_target", "check_source", "check_target", "choose_offer", "plan_again":
		return "/transfer?device=" + uid
	case "request_release":
		return "/releases?role=asker"
	case "establish_partnership":
		return "/partners"
	case "free_a_place":
		return "/devices?account=" + f.Own().String()
	}
	return ""
}
