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
	h := a.Holds
	return []string{
		Count(h.Devices, "device", "devices") + ", " + Number(h.ActiveDevices) + " of them active: they stay as they are",
		Count(h.Users, "user", "users") + " who can sign in: they cannot any more",
		Count(h.Partnerships, "partnership", "partnerships") + ": they end",
		Count(h.Orders, "order", "orders") + " for renewals that wait: they are withdrawn",
		Count(h.ReleaseRequests, "request", "requests") + " to release devices without an answer: they end",
		Count(h.Operations, "operation", "operations") + " that has not finished: it stops",
	}
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
