package access

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// InPartner is what the rights of the partner profile that a customer chose
// leave to the caller: whoever is no administrator of its own account has nowhere
// more than its profiles give.
func (c Caller) InPartner(given rights.Set) rights.Set {
	given = c.within(given)
	if c.Administrator {
		return given
	}
	return rights.Common(given, c.Rights)
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
	// Credential is what a session of an operator or of an auditor rests on: the
	// operator's token, the grant. Who calls with that may begin one. Of a user who has
	// signed in it is the password that the session rests on.
	Credential uuid.UUID
	// SignedIn is when the user of the session has last signed in.
	SignedIn time.Time
	// UsedAt is when the use of the session or personal token was noted last; zero: never.
	UsedAt time.Time
	// Factor is the second factor, or set of recovery codes, that the session rests on.
	Factor uuid.UUID
	// FactorMissing says that the account requires one and the session has none: it may
	// only set one up.
	FactorMissing bool
	// Limit narrows the caller's rights everywhere, to those of a personal API
	// token; nil narrows nothing.
	Limit rights.Set
	// Token is the personal API token that the caller uses; uuid.Nil: none.
	Token uuid.UUID
	// Audits are the accounts that an auditor reads.
	Audits []uuid.UUID
	// From is the address that the request comes from; invalid: not known.
	From netip.Addr

	own  *account.State // nil: not read yet
	held *Held          // notes its rights; nil: not noted
}

// Knowing is the caller with its own account, as it was read to let the caller in:
// the request does not read it once more.
func (c Caller) Knowing(own account.State) Caller {
	c.own = &own
	return c
}

// WithoutFactor is the caller of a session without the second factor that the account
// requires. It has no rights.
func (c Caller) WithoutFactor() Caller {
	c.FactorMissing, c.Administrator, c.Rights, c.Limit = true, false, nil, rights.Set{}
	return c
}

// OperatorOf gives the operator whose token a credential names, query.ErrNotFound when
// the token is of no use any more.
type OperatorOf func(ctx context.Context, credential uuid.UUID) (domain.Actor, error)

// OperatorActor is the platform owner, as events name it where no operator has a name of
// its own.
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
