package view

import "github.com/fleetledger/fleetledger/api/client"

// signInRefused says why nobody was let in, without telling which half was wrong.
func signInRefused(p *client.Problem) string {
	switch p.Code {
	case "sign_in_failed":
		return "E-mail and password do not fit, or this user may not sign in."
	case "unauthenticated":
		return "This is not the operator's token."
	}
	return p.Detail
}
