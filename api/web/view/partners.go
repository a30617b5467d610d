package view

import (
	"net/url"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Partners is the table of partners alone, with the requests for partnerships.
type Partners struct {
	Frame    Frame
	List     openapi.PartnerList
	From     int
	Requests PartnershipRequests
}

// PartnershipRequests are those that the reader's own account has made or got.
type PartnershipRequests struct {
	Frame    Frame
	List     *openapi.PartnershipRequestList // nil: not the reader's to see, or another day
	Profiles []openapi.Profile               // of the reader's account
	Problem  *client.Problem
	Typed    url.Values // the form that was refused
}

// made reports whether the reader's account has made a request, rather than got it.
func (r PartnershipRequests) made(one openapi.PartnershipRequest) bool {
	return one.Reseller.Uid == r.Frame.Own()
}

func (r PartnershipRequests) editable() bool {
	return r.Frame.May("partners.edit") && !r.Frame.Auditor()
}

// shipped are the profiles that every account has: a reseller can propose those.
func (r PartnershipRequests) shipped() []openapi.Profile {
	var all []openapi.Profile
	for _, p := range r.Profiles {
		if p.Shipped {
			all = append(all, p)
		}
	}
	return all
}

// typed is what the refused form that asks for a partnership had in a field.
func (r PartnershipRequests) typed(field string) string {
	if r.Typed.Get("do") != "request" {
		return ""
	}
	return r.Typed.Get(field)
}

// profileName is what a profile is called among some.
func profileName(profiles []openapi.Profile, id string) string {
	for _, p := range profiles {
		if p.Id == id {
			return p.Name
		}
	}
	return id
}

// proposed is the profile to begin with where a request is answered.
func proposed(one openapi.PartnershipRequest) string {
	if one.Profile != nil {
		return *one.Profile
	}
	return "read-only"
}

// requestTag is how a request's state looks.
func requestTag(state openapi.PartnershipRequestState) (colour, icon, name string) {
	switch state {
	case "open":
		return "amber", "mail", "Waiting"
	case "accepted":
		return "green", "check", "Accepted"
	case "declined":
		return "red", "cross", "Declined"
	}
	return "", "cross", Upper(string(state))
}
