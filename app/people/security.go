package people

import (
	"context"
	"errors"
	"net/netip"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
)

// What an entry of the security log says of how somebody has signed in.
const (
	byPassword      = "password"
	byIssuer        = "issuer"
	bySecondStep    = "second_step"
	byOperatorToken = "operator_token"
	byAuditToken    = "audit_token"
)

// noteSignIn enters an attempt to sign in in the security log, whoever it was for, with
// how it ended. Failures of the service itself are none of it.
func (s *Service) noteSignIn(ctx context.Context, by string, e entrant, from netip.Addr, in SignedIn, err error) {
	u := e.user.State
	entry := ports.SecurityEntry{Account: u.Account, User: u.UID, From: from, Why: by, Kind: ports.SecuritySignedIn}
	if u.UID != uuid.Nil {
		entry.Actor = domain.Actor{Kind: domain.ActorUser, ID: u.UID.String(), Account: u.Account}
	}
	_, many := errors.AsType[*TooManyAttempts](err)
	refusal, refused := errors.AsType[*domain.Refusal](err)
	switch {
	case err == nil && in.Next != nil:
		return // it is told how that ends
	case err == nil:
	case many:
		entry.Kind = ports.SecurityLockedOut
	case refused && len(refusal.Problems) > 0:
		entry.Kind, entry.Why = ports.SecuritySignInFailed, refusal.Problems[0].Code
	case errors.Is(err, access.ErrAddressNotAdmitted):
		entry.Kind, entry.Why = ports.SecurityRefused, "address_not_admitted"
	default:
		return
	}
	s.options.Security.Note(ctx, entry)
}

// noteToken enters in the security log that a caller has made or ended a token, or
// sessions, of a user or, uuid.Nil, of an account.
func (s *Service) noteToken(ctx context.Context, kind ports.SecurityKind, caller access.Caller, account, uid uuid.UUID, why string) {
	s.options.Security.Note(ctx, ports.SecurityEntry{Kind: kind, Account: account, Actor: caller.Actor, User: uid, From: caller.From, Why: why})
}
