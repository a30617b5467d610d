package ports

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// SecurityKind is what an entry of the security log is about.
type SecurityKind string

// The kinds of entries.
const (
	SecuritySignedIn        SecurityKind = "signed_in"
	SecuritySignInFailed    SecurityKind = "sign_in_failed"
	SecurityLockedOut       SecurityKind = "locked_out" // too many attempts
	SecurityRefused         SecurityKind = "refused"    // a right, a factor or the address was missing
	SecurityOperatorToken   SecurityKind = "operator_token_used"
	SecurityTokenMade       SecurityKind = "token_made"
	SecurityTokenEnded      SecurityKind = "token_ended"
	SecuritySessionsEnded   SecurityKind = "sessions_ended"
	SecurityPasswordChanged SecurityKind = "password_changed"
	SecurityResetRequested  SecurityKind = "password_reset_requested"
	SecurityPasswordReset   SecurityKind = "password_reset"
	SecurityFactorAdded     SecurityKind = "second_factor_added"
	SecurityFactorRemoved   SecurityKind = "second_factor_removed"
	SecurityFactorsReset    SecurityKind = "second_factors_reset"
	SecurityCodesMade       SecurityKind = "recovery_codes_made"
	SecurityCodeUsed        SecurityKind = "recovery_code_used"
	SecurityOptions         SecurityKind = "security_options_changed"
	SecurityUser            SecurityKind = "user_changed"  // let in or kept out, an administrator or no longer, other profiles
	SecurityRights          SecurityKind = "rights_given"  // what a profile, a partner or an auditor may do
	SecurityUntold          SecurityKind = "too_many_told" // entries that there was no room for, counted
)

// SecurityKinds are all kinds.
func SecurityKinds() []SecurityKind {
	return []SecurityKind{
		SecuritySignedIn, SecuritySignInFailed, SecurityLockedOut, SecurityRefused, SecurityOperatorToken, SecurityTokenMade, SecurityTokenEnded,
		SecuritySessionsEnded, SecurityPasswordChanged, SecurityResetRequested, SecurityPasswordReset, SecurityFactorAdded, SecurityFactorRemoved,
		SecurityFactorsReset, SecurityCodesMade, SecurityCodeUsed, SecurityOptions, SecurityUser, SecurityRights, SecurityUntold,
	}
}

// SecurityEntry is an entry of the security log. It names nobody but by id, and has
// no secret in it.
type SecurityEntry struct {
	ID      uuid.UUID // that of the event, where there is one
	Kind    SecurityKind
	At      time.Time // the first time
	LastAt  time.Time // the last one
	Times   int       // how often within a minute
	Account uuid.UUID // whose administrators read it; uuid.Nil: the operator alone
	Actor   domain.Actor
	User    uuid.UUID  // whom it is about; uuid.Nil: nobody, or nobody known
	From    netip.Addr // invalid: not known
	Why     string     // a code, a right or the type of the event
}

// SecurityQuery filters the security log.
type SecurityQuery struct {
	query.Page
	Account  *uuid.UUID // nil: any
	Kinds    []SecurityKind
	Users    []uuid.UUID
	From, To time.Time // zero: no limit
}

// SecurityLog keeps the security log.
type SecurityLog interface {
	// Note takes an entry without waiting for the database. The same within a minute
	// is one entry, counted. At and the counts are filled in.
	Note(ctx context.Context, e SecurityEntry)
	// Record keeps entries with ids of their own, each once.
	Record(ctx context.Context, entries []SecurityEntry) error
	// Entries is a page of what was recorded and noted here, the youngest first unless
	// sorted by at; query.ErrBadCursor for a cursor that does not fit.
	Entries(ctx context.Context, q SecurityQuery) (query.List[SecurityEntry], error)
}
