package view

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Administration is everything about an account but its devices. What the reader may
// not see is nil.
type Administration struct {
	Frame         Frame
	Account       openapi.Account
	Tag           string // the account's ETag
	Rights        Rights
	Users         []openapi.User
	Profiles      []openapi.Profile
	Partners      []openapi.Partner
	PartnersTotal int
	External      []openapi.ExternalAccount
	Contacts      []openapi.Person
	Tokens        []openapi.AccountToken
	Security      *openapi.Security
	Requests      PartnershipRequests
	Problem       *client.Problem
	Section       string     // that the problem is of
	Typed         url.Values // the form that was refused
}

// sections are the parts of the page, in order.
func (a Administration) sections() []place {
	all := []place{{"Account", "account"}, {"Security options", "security"}, {"Users", "users"}, {"Profiles", "profiles"}, {"Partners", "partners"}}
	all = append(all, place{"External accounts", "external"})
	if a.Account.Type == openapi.Reseller {
		all = append(all, place{"Channel contacts", "contacts"})
	}
	return append(all, place{"API tokens of the account", "tokens"})
}

// changeable reports whether the reader may change things with a right, now.
func (a Administration) changeable(right string) bool {
	return a.Frame.Present() && a.Rights.May(right) && !a.Frame.Auditor()
}

// managed reports whether the reader administers the account.
func (a Administration) managed() bool {
	return a.Frame.Present() && (a.Rights.All || a.Rights.Own && a.Rights.Administrator)
}

// securityLog is where the account's security log is.
func (a Administration) securityLog() templ.SafeURL {
	if a.Rights.Own {
		return "/security-log"
	}
	return templ.URL("/security-log?account=" + a.Account.Uid.String())
}

func (a Administration) webhooks() templ.SafeURL {
	if a.Rights.Own {
		return "/webhooks"
	}
	return templ.URL("/webhooks?account=" + a.Account.Uid.String())
}

// action is where the forms of the page are sent.
func (a Administration) action() string {
	if a.Rights.Own {
		return "/administration"
	}
	return "/administration?account=" + a.Account.Uid.String()
}

// typed is what a refused form of a section had in a field.
func (a Administration) typed(section, field string) string {
	if a.Section != section {
		return ""
	}
	return a.Typed.Get(field)
}

// problem is what stands against the form of a section.
func (a Administration) problem(section string) *client.Problem {
	if a.Section != section {
		return nil
	}
	return a.Problem
}

// minutes writes a number that may be missing.
func minutes(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// profileNames are the profiles of a user.
func profileNames(u openapi.User) string {
	names := make([]string, len(u.Profiles))
	for i, p := range u.Profiles {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func hasProfile(u openapi.User, id string) bool {
	return slices.ContainsFunc(u.Profiles, func(p openapi.ProfileRef) bool { return p.Id == id })
}

// userTag is how a user's status looks.
func userTag(status openapi.UserStatus) (colour, icon string) {
	switch status {
	case "active":
		return "green", "check"
	case "pending":
		return "amber", "mail"
	case "expired":
		return "red", "warn"
	}
	return "", "cross"
}

// userStatus is a user's status for people.
func userStatus(status openapi.UserStatus) string {
	if status == "pending" {
		return "Invited"
	}
	return statusWord(string(status))
}

// assignable are the rights that a profile can have, in words.
var assignable = []struct{ right, name string }{
	{"account.read", "See the account"}, {"account.edit", "Change the account"}, {"customers.read", "See its customers"},
	{"customers.create", "Create customers"}, {"partners.read", "See its partners"}, {"partners.edit", "Change its partners"},
	{"devices.read", "See devices"}, {"devices.register", "Register devices"}, {"devices.edit", "Rename, label, suspend and resume devices"},
	{"devices.retire", "Retire devices"}, {"devices.transfer", "Transfer devices"}, {"devices.renew", "Renew devices"},
}

// rightNames are rights in words.
func rightNames(rights []string) string {
	var names []string
	for _, a := range assignable {
		if slices.Contains(rights, a.right) {
			names = append(names, a.name)
		}
	}
	return strings.Join(names, ", ")
}
