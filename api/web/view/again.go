package view

import (
	"net/url"
	"slices"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Again asks somebody who has signed in to do so once more, and then goes on with a form
// that was sent.
type Again struct {
	Frame     Frame
	Action    string     // where the form was sent to
	Form      url.Values // what was typed
	Operator  bool
	Passkeys  bool   // one may do instead of the password
	IssuerURL string // empty: there is none
	Step      *openapi.SecondStep
	Kept      string // the step, for the answer to bring along
	Passkey   PasskeyForm
	Problem   *client.Problem
}

// AgainField is what the name of a field of the form that was sent begins with, so that
// it is none of the sign-in's.
const AgainField = "kept."

// fields are those of the form that was sent, by name.
func (a Again) fields() []Param {
	var all []Param
	for name, values := range a.Form {
		for _, value := range values {
			all = append(all, Param{AgainField + name, value})
		}
	}
	slices.SortStableFunc(all, func(x, y Param) int { return compare(x.Name, y.Name) })
	return all
}
