// Package rights names what a user or a partner may do, and the profiles that
// bundle rights. Everything not named is denied.
package rights

import "slices"

// Right is one thing a caller may do in an account.
type Right string

// The rights. Registration into an account needs none there: a caller who knows
// an account's UID may register devices into it, from an account of its own
// where it has DevicesRegister.
const (
	AccountRead      Right = "account.read"
	AccountEdit      Right = "account.edit"
	CustomersRead    Right = "customers.read"   // the Customers list of the own account
	CustomersCreate  Right = "customers.create" // accounts for customers
	PartnersRead     Right = "partners.read"
	PartnersEdit     Right = "partners.edit" // assign the partner profile, end a partnership
	DevicesRead      Right = "devices.read"
	DevicesRegister  Right = "devices.register"
	DevicesEdit      Right = "devices.edit" // name, labels, suspend, resume
	DevicesRetire    Right = "devices.retire"
	DevicesTransfer  Right = "devices.transfer"
	DevicesRenew     Right = "devices.renew"
	UsersRead        Right = "users.read"        // an account's administrators and auditors only: no profile has it
	UsersManage      Right = "users.manage"      // an account's administrators only: no profile has it
	AllocationsGrant Right = "allocations.grant" // the operator only
	AuditsGrant      Right = "audits.grant"      // the operator only: let auditors read accounts
	AccountsManage   Right = "accounts.manage"   // the operator only: create, close, list all
	OrdersManage     Right = "orders.manage"     // the operator only: apply, decline and reverse renewal orders
	CatalogueEdit    Right = "catalogue.edit"    // the operator only: models of devices
	SandboxClock     Right = "sandbox.clock"     // the operator only: move the clock of a sandbox
	OperationsRead   Right = "operations.read"   // projections, metrics of the service: the operator only
)

// Needs says for people which right a request lacks, and where. An account without
// a name is one that the caller is told nothing about.
func Needs(r Right, account string) string {
	if account == "" {
		return "This needs " + string(r) + " in the account."
	}
	return "This needs " + string(r) + " in " + account + "."
}

// Profile is a named set of rights: one of those shipped, or of an account's
// own. One without a name no longer exists.
type Profile struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Rights []Right `json:"rights"`
}

// Set is the rights a caller has in one account.
type Set []Right

// Has reports whether the set holds r.
func (s Set) Has(r Right) bool { return slices.Contains(s, r) }

var read = []Right{AccountRead, CustomersRead, PartnersRead, DevicesRead}

// ReadOnly is the id of the profile a reseller's users get in the account of a
// customer it created.
const ReadOnly = "read-only"

// Profiles are the shipped ones.
var Profiles = []Profile{
	{ReadOnly, "Read only", read},
	{"renewals", "Renewals", append(slices.Clone(read), DevicesRenew)},
	{"device-manager", "Device manager", append(slices.Clone(read), DevicesRegister, DevicesEdit, DevicesTransfer, DevicesRenew)},
	{"full", "Full access", append(slices.Clone(read), AccountEdit, CustomersCreate, PartnersEdit,
		DevicesRegister, DevicesEdit, DevicesRetire, DevicesTransfer, DevicesRenew)},
}

// Common are the rights that both sets hold.
func Common(a, b Set) Set {
	both := Set{}
	for _, r := range a {
		if b.Has(r) {
			both = append(both, r)
		}
	}
	return both
}

// Beyond are the rights of a set that another one does not hold.
func Beyond(set, held Set) Set {
	return slices.DeleteFunc(slices.Clone(set), held.Has)
}

// Find finds a profile by id.
func Find(id string) (Profile, bool) {
	for _, p := range Profiles {
		if p.ID == id {
			return p, true
		}
	}
	return Profile{}, false
}

// Resolve finds a profile among the shipped ones and those of an account's own.
// One that no longer exists gives no rights.
func Resolve(id string, own []Profile) Profile {
	if p, ok := Find(id); ok {
		return p
	}
	for _, p := range own {
		if p.ID == id {
			p.Rights = Common(p.Rights, Assignable()) // whatever was recorded
			return p
		}
	}
	return Profile{ID: id}
}

// Exists reports whether the profile was found by Resolve.
func (p Profile) Exists() bool { return p.Name != "" }

// Assignable are the rights that profiles can have, in their order.
func Assignable() Set {
	p, _ := Find("full")
	return slices.Clone(p.Rights)
}

// Administrator is what an administrator may do in the own account.
func Administrator() Set { return append(Assignable(), UsersRead, UsersManage) }

// Operators are the rights that only the operator has.
func Operators() Set {
	return Set{AllocationsGrant, AuditsGrant, AccountsManage, OrdersManage, CatalogueEdit, SandboxClock, OperationsRead}
}

// Operator is what the operator may do: everything.
func Operator() Set { return append(Administrator(), Operators()...) }

// Auditor is what an auditor may do in an account of its grant: read everything.
func Auditor() Set { return append(slices.Clone(read), UsersRead) }
