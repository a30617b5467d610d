package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// InPartner is what the rights of the partner profile that a customer chose
// leave to the caller: a token made for one profile has nowhere more than that.
func (c Caller) InPartner(given rights.Set) rights.Set {
	given = c.within(given)
	if c.Administrator || c.Actor.Kind != domain.ActorToken {
		return given
	}
	return slices.DeleteFunc(slices.Clone(given), func(r rights.Right) bool { return !c.Rights.Has(r) })
}

// Caller is who asks, authenticated at the edge. Account is the caller's own
// account; the operator has none.
type Caller struct {
	Actor         domain.Actor
	Administrator bool
	Rights        rights.Set // in the own account
	// ActingFor is the account named with X-Account; uuid.Nil means the own one.
	ActingFor uuid.UUID
	// Session is what the caller has signed in with; uuid.Nil for tokens.
	Session uuid.UUID
	// Credential is what a session of the operator rests on: the operator's token of
	// now, as which it may begin one.
	Credential uuid.UUID
	// Limit narrows the caller's rights everywhere, to those of a personal API
	// token; nil narrows nothing.
	Limit rights.Set
	// Audits are the accounts that an auditor reads.
	Audits []uuid.UUID

	own *account.State // nil: not read yet
}

// Knowing is the caller with its own account, as it was read to let the caller in:
// the request does not read it once more.
func (c Caller) Knowing(own account.State) Caller {
	c.own = &own
	return c
}

// OperatorActor is the platform owner, as events name it.
var OperatorActor = domain.Actor{Kind: domain.ActorOperator, ID: "operator"}

// within is what the caller's Limit leaves of a set of rights.
func (c Caller) within(set rights.Set) rights.Set {
	if c.Limit == nil {
		return set
	}
	return rights.Common(set, c.Limit)
}

// InOwn is what the caller may do in its own account.
func (c Caller) InOwn() rights.Set {
	if c.Administrator {
		return c.within(rights.Administrator())
	}
	return c.within(c.Rights)
}

// Operator reports whether the caller is the platform owner.
func (c Caller) Operator() bool { return c.Actor.Kind == domain.ActorOperator }

// Auditor reports whether the caller reads by an audit grant, and nothing else.
func (c Caller) Auditor() bool { return c.Actor.Kind == domain.ActorAuditor }

// Own is the caller's own account, uuid.Nil for the operator and auditors.
func (c Caller) Own() uuid.UUID { return c.Actor.Account }

// Account is the account the caller acts for: the one named, else its own.
func (c Caller) Account() uuid.UUID {
	if c.ActingFor != uuid.Nil {
		return c.ActingFor
	}
	return c.Own()
}

// ActsFor reports whether things of the account are meant: those of the account
// that the caller names, if it names one.
func (c Caller) ActsFor(uid uuid.UUID) bool { return c.ActingFor == uuid.Nil || c.ActingFor == uid }

// Belongs reports whether what an account has asked for is the caller's to look
// at: that of its own account (uuid.Nil is the operator), for an auditor that of
// the accounts of its grant.
func (c Caller) Belongs(account uuid.UUID) bool {
	if c.Auditor() {
		return slices.Contains(c.Audits, account)
	}
	return account == c.Own() && c.Operator() == (account == uuid.Nil)
}
