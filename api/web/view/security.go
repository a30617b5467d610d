package view

import (
	"net/url"

	"github.com/a-h/templ"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Security is the reader's own: password, sessions, API tokens, calendars.
type Security struct {
	Frame    Frame
	Sessions []openapi.Session
	Tokens   []openapi.PersonalToken
	Profiles []openapi.Profile
	Made     *openapi.CreatedToken // shown this once
	Problem  *client.Problem
	Section  string // that the problem is of
	Typed    url.Values

	Calendars Calendars
	Factors   Factors
}

// visited is where something was used last, and with what, as far as that is known.
func visited(address, client *string) string {
	var where string
	if address != nil {
		where = " from " + *address
	}
	if client != nil {
		where += " with " + *client
	}
	return where
}

// typedCalendar is what was typed of a calendar that was refused.
func (s Security) typedCalendar(name string) string {
	if s.problem("makeCalendar") != nil {
		return s.Typed.Get(name)
	}
	return ""
}

// typedName is the reader's name, as it was typed where that was refused.
func (s Security) typedName() string {
	if s.problem("self") != nil {
		return s.Typed.Get("name")
	}
	return s.Frame.Me.Person.Name
}

func (s Security) typedEmail() string {
	if s.problem("self") != nil {
		return s.Typed.Get("email")
	}
	return s.Frame.Me.Person.Email
}

// emailHelp tells assistive technology what becomes of another address.
func emailHelp(s Security) templ.Attributes {
	if wrong := invalid(s.problem("self"), "#/email", "own-email"); wrong != nil {
		return wrong
	}
	return templ.Attributes{"aria-describedby": "own-email-how"}
}

func (s Security) problem(section string) *client.Problem {
	if s.Section != section {
		return nil
	}
	return s.Problem
}
