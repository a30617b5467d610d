package access

import (
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
}

// Error names the right.
func (f *Forbidden) Error() string { return fmt.Sprintf("forbidden: needs the right %s", f.Right) }

// Is makes it an ErrForbidden.
func (f *Forbidden) Is(target error) bool { return target == ErrForbidden }

// OperatorOnly refuses everybody else.
func OperatorOnly(c Caller, right rights.Right) error {
	if c.Operator() {
		return nil
	}
	return &Forbidden{Right: right}
}
