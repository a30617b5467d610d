package view

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// SecondStep is the page that asks for a second factor.
type SecondStep struct {
	Frame   Frame
	Next    string // where to go on to
	Step    openapi.SecondStep
	Kept    string // the step, for the answer to bring along
	Passkey PasskeyForm
	Problem *client.Problem
}

// PasskeyForm is what a form needs that asks the browser for a passkey.
type PasskeyForm struct {
	Does    string // create or get
	Options string // for the browser
	Origin  string // that passkeys belong to
	Script  string
}

// Factors are the reader's second factors.
type Factors struct {
	openapi.FactorList
	Begun   *openapi.FactorBegun
	Kept    string // what was begun, for the confirmation to bring along
	Passkey PasskeyForm
	QR      string // path of the picture of what was begun
	QRSize  int
	Codes   []string // new recovery codes, shown this once
}

// viewBox is that of the picture.
func (f Factors) viewBox() string {
	size := strconv.Itoa(f.QRSize)
	return "0 0 " + size + " " + size
}

// factorKind is a kind of factor in words.
func factorKind(kind openapi.FactorKind) string {
	if kind == openapi.Passkey {
		return "Passkey"
	}
	return "Authenticator app"
}

// passkeyForm are the attributes that passkey.js looks for.
func passkeyForm(p PasskeyForm) templ.Attributes {
	return templ.Attributes{"data-passkey": p.Does, "data-options": p.Options, "data-origin": p.Origin}
}
