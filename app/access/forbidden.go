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

// ErrAccountClosed says that the caller's own account is closed: all its callers
// have ended with it.
var ErrAccountClosed = errors.New("the caller's account is closed")

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
