package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/rights"
)

// ErrForbidden says that the caller sees what the command is about but lacks a
// right in it. The error is a *Forbidden, which names the right.
var ErrForbidden = errors.New("forbidden")

// ErrAddressNotAdmitted says that the account is not to be used from the address
// that a request comes from.
var ErrAddressNotAdmitted = errors.New("the account is not to be used from this address")

// ErrAccountEnded says that the caller's own account has expired or is closed: all
// its callers have ended with it.
var ErrAccountEnded = errors.New("the caller's account has expired or is closed")

// ErrFactorRequired says that the account requires a second factor, and that the
// caller's session has none: it may only set one up.
var ErrFactorRequired = errors.New("the account requires a second factor")

// ErrFreshSignInRequired says that the user of a session has to sign in afresh before what
// was asked for: Fresh.
var ErrFreshSignInRequired = errors.New("needs a fresh sign-in")

// Fresh is ErrFreshSignInRequired for a session whose user has not signed in lately: a
// session that was left open or stolen is not to lead to what outlives it. Tokens are no
// sessions; what they may not do is refused by other means.
func (c *Control) Fresh(caller Caller) error {
	if caller.Session == uuid.Nil || c.FreshSignIn == 0 || c.Clock.Now().Sub(caller.SignedIn) < c.FreshSignIn {
		return nil
	}
	return ErrFreshSignInRequired
}

// Forbidden is ErrForbidden with the right that is missing and where.
type Forbidden struct {
	Right   rights.Right
	Account uuid.UUID // uuid.Nil: on the platform
	Name    string    // of the account, which the caller may know
}

// Error names the right.
func (f *Forbidden) Error() string { return fmt.Sprintf("forbidden: needs the right %s", f.Right) }

// Is makes it an ErrForbidden.
func (f *Forbidden) Is(target error) bool { return target == ErrForbidden }

// forbidden is Forbidden in an account that the caller may know of.
func (r *Request) forbidden(ctx context.Context, right rights.Right, uid uuid.UUID) error {
	s, err := r.Account(ctx, uid)
	if err != nil {
		return err
	}
	return &Forbidden{Right: right, Account: uid, Name: s.Name}
}

// OperatorOnly refuses everybody else.
func OperatorOnly(c Caller, right rights.Right) error {
	if c.Operator() {
		return nil
	}
	return &Forbidden{Right: right}
}
