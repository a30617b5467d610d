package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// DueKind is a kind of thing that falls due by itself.
type DueKind string

// The kinds.
const (
	DueRenewals           DueKind = "renewals" // of free terms
	DuePartnershipEnds    DueKind = "partnership ends"
	DuePartnershipWarning DueKind = "warnings of partnership ends"
	DueInvitations        DueKind = "invitations of accounts that run out"
	DueUserInvitations    DueKind = "invitations of users that run out"
	DueEmailChanges       DueKind = "requests for another e-mail address that run out"
	DueAllServices        DueKind = "resellers' accounts that lack offers"
	DueNotices            DueKind = "monthly notices of resellers"
	DueReleases           DueKind = "requests to release retired devices"
)

// DueQuery asks what of a kind falls due and was not done yet, the earliest
// first.
type DueQuery struct {
	Kind        DueKind
	MinPosition eventlog.Position
	Upto        time.Time // zero: whenever
	After       DueRow    // the last row of the page before
	Limit       int
	WarnDays    []int         // days before a partnership's end on which a warning is due
	Hours       int           // from the beginning of a month until notices are due
	Unanswered  time.Duration // after which a request to release a retired device is due
}

// DueRow is a thing and the instant, in whole microseconds, from which it is due.
type DueRow struct {
	UID uuid.UUID
	At  time.Time
}
