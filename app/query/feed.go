package query

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Everybody stands for all accounts among those of a FeedItem.
var Everybody uuid.UUID

// FeedStreams are prefixes of the streams that the feed is made of. What is the service's
// own is not in it: reservations, holds of batches, the log's identity.
var FeedStreams = []string{
	"account-", "partnership-", "device-", "user-", "auditgrant-", "renewalorder-", "transfer-", "transferplan-", "releases-",
	"notice-", "noticeround-", "noticechoice-", "person-", "catalogue-", eventlog.DaysStream,
}

// FeedItem is an event in the feed's order, or something that has fallen due.
type FeedItem struct {
	N        int64 // its number in the feed; no part of what readers are told
	Event    uuid.UUID
	Type     string
	Stream   string
	Revision eventlog.Revision // NoStream of what is computed
	Position eventlog.Position // of what is computed: of the day's mark
	Need     rights.Right      // in one of Accounts, or with InEach in all of them; empty: none
	Accounts []uuid.UUID
	InEach   bool
	Device   uuid.UUID // uuid.Nil: it is of no device
	Computed *Computed // nil: an event of the log
}

// Computed is what has fallen due on a day.
type Computed struct {
	On   calendar.Date `json:"on"`
	Data any           `json:"data"` // of an event of package due
}

// FeedQuery asks for the items with numbers above After and up to Upto.
type FeedQuery struct {
	After, Upto int64
	Types       []string  // none: all
	Device      uuid.UUID // uuid.Nil: all
	Limit       int
}

// FeedPage is what was found, in order. Items is how many the whole feed has, Position
// where the feed is in the log.
type FeedPage struct {
	Found    []FeedItem
	Items    int64
	Position eventlog.Position
}

// Feed is the order of the feed of events.
type Feed interface {
	// Find gives an item's number; ErrNotFound where it has no such item.
	Find(ctx context.Context, event uuid.UUID) (int64, error)
	// At is the item with a number; ErrNotFound.
	At(ctx context.Context, n int64) (uuid.UUID, error)
	// Items gives a part of the feed.
	Items(ctx context.Context, q FeedQuery) (FeedPage, error)
	// Next is the number of the first item after one that names one of the accounts or
	// everybody; zero: none does yet.
	Next(ctx context.Context, after int64, accounts []uuid.UUID) (int64, error)
	// Wait returns when the feed has come to a position in the log, or with ErrNotCaughtUp
	// at the context's deadline.
	Wait(ctx context.Context, p eventlog.Position) error
}
