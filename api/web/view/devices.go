package view

import "github.com/fleetledger/fleetledger/api/openapi"

// Devices is a list of devices.
type Devices struct {
	Frame   Frame
	List    openapi.DeviceList
	Account *openapi.Account // whose devices they are; nil: of all accounts reached
	Sort    string
	From    int
}

// title says whose devices they are.
func (d Devices) title() string {
	if d.Account != nil {
		return "Devices of " + d.Account.Name
	}
	return "Devices"
}

// filtered reports whether a filter leaves devices out.
func (d Devices) filtered() bool {
	for name := range d.Frame.Query {
		switch name {
		case "sort", "asOf", "cursor", "from", "account":
		default:
			return true
		}
	}
	return false
}

// owner is whose a device is.
func owner(d openapi.Device) string {
	if d.Account.Name != nil {
		return *d.Account.Name
	}
	return d.Account.Uid.String()
}

// factor is the second factor that identifies a device.
func factor(d openapi.Device) (kind, value string) {
	switch {
	case d.Imei != nil:
		return "IMEI", *d.Imei
	case d.Mac != nil:
		return "MAC", *d.Mac
	case d.Esn != nil:
		return "ESN", *d.Esn
	}
	return "", ""
}

// stateTag is how a life cycle state looks.
func stateTag(state openapi.LifeCycleState) (colour, icon string) {
	switch state {
	case "active":
		return "green", "check"
	case "suspended":
		return "amber", "warn"
	case "retired":
		return "", "cross"
	}
	return "", "same"
}
