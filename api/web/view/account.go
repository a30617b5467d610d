package view

import (
	"slices"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Account is the page of an account on a day.
type Account struct {
	Frame    Frame
	Account  openapi.Account
	Customer *openapi.Customer // its numbers, where the reader's account is its partner
	Slots    *openapi.Slots    // of a reseller's account
	Rights   Rights
	Holds    *openapi.Holdings // what would be closed with it, where the reader can close it
	Problem  *client.Problem
}

// waiting reports whether nobody has activated the account yet.
func (a Account) waiting() bool {
	return a.Account.Status == openapi.AccountStatusPending || a.Account.Status == openapi.AccountStatusExpired
}

// confirming reports whether closing was refused until it is confirmed.
func (a Account) confirming() bool { return a.Problem != nil && a.Problem.Code == "confirm_required" }

// held is what closing the account stops, or leaves as it is.
func (a Account) held() []string {
	h, all := a.Holds, []string(nil)
	if h == nil {
		return nil
	}
	for _, one := range []struct {
		n         int
		one, many string
	}{
		{h.Devices, "device, " + Number(h.ActiveDevices) + " of them active: it stays as it is", "devices, " + Number(h.ActiveDevices) + " of them active: they stay as they are"},
		{h.Users, "user who can sign in, and cannot any more then", "users who can sign in, and cannot any more then"},
		{h.Partnerships, "partnership: it ends", "partnerships: they end"},
		{h.Orders, "renewal order that waits: it is withdrawn", "renewal orders that wait: they are withdrawn"},
		{h.ReleaseRequests, "request to release a device, without an answer: it ends", "requests to release devices, without an answer: they end"},
		{h.Operations, "operation that has not finished: it stops", "operations that have not finished: they stop"},
	} {
		if one.n > 0 {
			all = append(all, Count(one.n, one.one, one.many))
		}
	}
	return all
}

func (a Account) devices(pairs ...string) string {
	return a.Frame.At("/devices", append(pairs, "account", a.Account.Uid.String())...)
}

// NewCustomer is the form that creates a customer's account, as it was typed.
type NewCustomer struct {
	Frame               Frame
	Name, Email, Person string
	Offers              []string
	Problem             *client.Problem
}

// offers are what an account may run.
var offers = []string{"basic", "complete", "premium"}

// ticked reports whether an offer was chosen; a new form has all of them.
func (n NewCustomer) ticked(offer string) bool {
	return len(n.Offers) == 0 && n.Problem == nil || slices.Contains(n.Offers, offer)
}

// accountTag is how an account's status looks.
func accountTag(status openapi.AccountStatus) (colour, icon string) {
	switch status {
	case openapi.AccountStatusActive:
		return "green", "check"
	case openapi.AccountStatusPending:
		return "amber", "mail"
	case openapi.AccountStatusExpired:
		return "red", "warn"
	}
	return "", "cross"
}
