package view

import (
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Security is the reader's own: password, sessions, API tokens.
type Security struct {
	Frame    Frame
	Sessions []openapi.Session
	Tokens   []openapi.PersonalToken
	Profiles []openapi.Profile
	Made     *openapi.CreatedToken // shown this once
	Problem  *client.Problem
	Section  string // that the problem is of
}

func (s Security) problem(section string) *client.Problem {
	if s.Section != section {
		return nil
	}
	return s.Problem
}
