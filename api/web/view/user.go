package view

import (
	"net/url"
	"slices"
	"strings"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// User is what lets a user of an account in, as whoever manages its users sees it.
type User struct {
	Frame    Frame
	User     openapi.User
	Sessions []openapi.Session
	Tokens   []openapi.PersonalToken
	Problem  *client.Problem
}

// UserPath is the page of a user.
func UserPath(u openapi.User) string {
	return "/administration/users/" + u.Uid.String() + "?account=" + url.QueryEscape(u.Account.String())
}

// secondFactors says in a few words which second factors a user has.
func secondFactors(held []openapi.UserFactor) string {
	if len(held) == 0 {
		return "No second factor"
	}
	var kinds []string
	for _, f := range held {
		if kind := factorKind(f.Kind); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return "Second factor: " + strings.Join(kinds, ", ")
}
