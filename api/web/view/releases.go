package view

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Releases are requests to release devices, from one of the two sides.
type Releases struct {
	Frame                  Frame
	Role                   openapi.ListReleaseRequestsParamsRole
	List                   openapi.ReleaseRequestList
	Names                  map[uuid.UUID]string // of the accounts that asked, as far as the reader knows them
	From                   int
	Serial, Factor, Reason string // as they were typed
	Problem                *client.Problem
}

// holds reports whether the page shows requests to the reader, rather than of it.
func (r Releases) holds() bool { return r.Role == openapi.Holder }

// releaseTag is how a request's state looks.
func releaseTag(state openapi.ReleaseState) (colour, icon, name string) {
	switch state {
	case "open":
		return "amber", "mail", "Waiting"
	case "granted":
		return "green", "check", "Granted"
	case "denied":
		return "red", "cross", "Denied"
	}
	return "", "cross", "Ended"
}
