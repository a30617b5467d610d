package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/release"
)

// TransferStatus is what became of a transfer as a whole.
type TransferStatus string

// A transfer is requested while some device has no outcome, else transferred when
// a device was moved, reversed when all that were moved have been taken back, and
// refused when none was moved.
const (
	TransferRequested TransferStatus = "requested"
	TransferDone      TransferStatus = "transferred"
	TransferReversed  TransferStatus = "reversed"
	TransferRefused   TransferStatus = "refused"
)

// Viewer is how a caller sees transfers and plans: Reads are the accounts in which
// it has devices.read (nil: all), Own those whose requests are its own to look at,
// the operator's with Operator.
type Viewer struct {
	Reads    []uuid.UUID
	Own      []uuid.UUID
	Operator bool
}

// TransferRow is a transfer as a viewer sees it: Counts are of the devices that it
// is shown. KnowsAsker: it may know who asked, why, and of the plan.
type TransferRow struct {
	UID         uuid.UUID
	From, To    uuid.UUID
	Offer       catalogue.Offer
	Plan        uuid.UUID // uuid.Nil: none
	Reason      string
	RequestedAt time.Time
	Actor       domain.Actor
	KnowsAsker  bool
	Status      TransferStatus
	Counts      map[TransferStatus]int
}

// TransferQuery filters transfers.
type TransferQuery struct {
	Freshness
	Page
	Viewer
	Of           []uuid.UUID // accounts, on either side
	From, To     []uuid.UUID
	Devices      []uuid.UUID
	Statuses     []TransferStatus
	Since, Until time.Time // when it was asked for, both inclusive; zero: whenever
}

// PlanStatus is what can be done with a plan.
type PlanStatus string

// The statuses of a plan. One that was committed can be committed again until it
// expires.
const (
	PlanOpen      PlanStatus = "open"
	PlanCommitted PlanStatus = "committed"
	PlanExpired   PlanStatus = "expired"
)

// TransferPlanRow is a plan as it is listed.
type TransferPlanRow struct {
	UID                          uuid.UUID
	From, To                     uuid.UUID
	Offer                        catalogue.Offer
	Reason                       string
	CreatedAt, Expires           time.Time
	Status                       PlanStatus
	Transfers                    []uuid.UUID // that committed it
	Total, Transferable, Refused int
}

// TransferPlanQuery filters plans of the viewer's own accounts. Without a status,
// expired ones are left out.
type TransferPlanQuery struct {
	Freshness
	Page
	Viewer
	Of       []uuid.UUID // as in TransferQuery
	From, To []uuid.UUID
	Party    uuid.UUID // an account that has to be on either side, besides; uuid.Nil: any
	Statuses []PlanStatus
	Now      time.Time
}

// ReleaseRow is a request to release a device.
type ReleaseRow struct {
	UID          uuid.UUID
	Owner        uuid.UUID // not to be told the requester
	Requester    uuid.UUID
	Device       uuid.UUID
	SerialNumber string
	Reason       string
	RequestedAt  time.Time
	Status       release.Answer
	AnsweredAt   time.Time // zero while open
}

// ReleaseQuery filters release requests: those to the accounts Holders and those of
// the accounts Askers; nil means all, empty none.
type ReleaseQuery struct {
	Freshness
	Page
	Holders, Askers []uuid.UUID
	Devices         []uuid.UUID
	Statuses        []release.Answer
}
