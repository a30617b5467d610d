package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/transfer"
	"github.com/fleetledger/fleetledger/domain/user"
	"github.com/fleetledger/fleetledger/domain/wire"
)

// Wire knows every event type of the log.
var Wire = wire.Merge(account.Wire, audit.Wire, batch.Wire, device.Wire, partnership.Wire, release.Wire, reservation.Wire, transfer.Wire, user.Wire, wire.NewRegistry(wire.Of[LogOpened]()))

// Position is a place in the whole log. Both parts are kept and compared as a
// pair; the zero Position is before the first event.
type Position struct {
	Commit, Prepare uint64
}

// String is the opaque form that clients hold on to.
func (p Position) String() string {
	return strconv.FormatUint(p.Commit, 10) + "-" + strconv.FormatUint(p.Prepare, 10)
}

// ParsePosition reads what String made.
func ParsePosition(s string) (Position, error) {
	c, p, ok := strings.Cut(s, "-")
	commit, err1 := strconv.ParseUint(c, 10, 63)
	prepare, err2 := strconv.ParseUint(p, 10, 63)
	if !ok || err1 != nil || err2 != nil {
		return Position{}, fmt.Errorf("%q is not a position", s)
	}
	return Position{commit, prepare}, nil
}

// Before reports whether p lies before q.
func (p Position) Before(q Position) bool {
	return p.Commit < q.Commit || p.Commit == q.Commit && p.Prepare < q.Prepare
}

// Revision is what an append expects of its stream: the revision (from 0) of
// its last event, or one of the two below.
type Revision int64

// Expectations without a number.
const (
	NoStream Revision = -1 // nothing was ever appended
	Any      Revision = -2 // no expectation
)

// Metadata goes with every event.
type Metadata struct {
	SchemaVersion int          `json:"schemaVersion"`
	OccurredAt    time.Time    `json:"occurredAt"`
	Actor         domain.Actor `json:"actor"`
	Reason        string       `json:"reason,omitempty"`
	CorrelationID string       `json:"$correlationId,omitempty"` // the names the store's own tools know
	CausationID   string       `json:"$causationId,omitempty"`
	Traceparent   string       `json:"traceparent,omitempty"`
}

// NewEvent is an event to append. An ID that follows from the command makes a
// repeated append the same append.
type NewEvent struct {
	ID       uuid.UUID
	Event    domain.Event
	Metadata Metadata
}

// Recorded is an event as the log holds it.
type Recorded struct {
	ID         uuid.UUID
	Stream     string
	Revision   Revision
	Position   Position // zero when the event was read from its stream alone and the store does not tell
	RecordedAt time.Time
	Event      domain.Event
	Metadata   Metadata
}

// Errors of the Log port. Implementations wrap them.
var (
	// ErrConflict: the stream is not at the expected revision.
	ErrConflict = errors.New("stream is at another revision")
	// ErrLogUnavailable: the store did not answer in time. The outcome of an
	// append is then unknown; repeating it with the same ids is safe.
	ErrLogUnavailable = errors.New("the event store does not answer")
	// ErrStreamDeleted: the stream was tombstoned.
	ErrStreamDeleted = errors.New("stream was deleted")
)

// Log is the event store: streams with optimistic concurrency and one total order.
type Log interface {
	// Append adds events to a stream, all or none, when it is at the expected
	// revision; else ErrConflict. It gives the stream's new revision and the
	// position of the last event.
	Append(ctx context.Context, stream string, expected Revision, events ...NewEvent) (Revision, Position, error)
	// ReadStream yields a stream's events from the given revision (0 = all).
	// A stream that does not exist yields nothing. It stops after an error.
	ReadStream(ctx context.Context, stream string, from Revision) iter.Seq2[Recorded, error]
	// ReadAll yields the events of streams that start with one of the
	// prefixes, in log order, after the given position up to the log's end.
	ReadAll(ctx context.Context, after Position, prefixes ...string) iter.Seq2[Recorded, error]
}

// Names of streams.

const accountPrefix = "account-"

// AccountStream is the stream of an account.
func AccountStream(uid uuid.UUID) string { return accountPrefix + uid.String() }

// DeviceStream is the stream of a device.
func DeviceStream(uid uuid.UUID) string { return "device-" + uid.String() }

// TransferStream is the stream of a transfer's record.
func TransferStream(uid uuid.UUID) string { return "transfer-" + uid.String() }

// TransferPlanStream is the stream of a plan.
func TransferPlanStream(uid uuid.UUID) string { return "transferplan-" + uid.String() }

// ReleasesStream is the stream of the release requests to an account.
func ReleasesStream(owner uuid.UUID) string { return "releases-" + owner.String() }

// ReleaseStream is the stream that says whom a release request went to.
func ReleaseStream(uid uuid.UUID) string { return "release-" + uid.String() }

// PartnershipStream is the stream of a partnership.
func PartnershipStream(uid uuid.UUID) string { return "partnership-" + uid.String() }

const userPrefix = "user-"

// UserStream is the stream of a user.
func UserStream(uid uuid.UUID) string { return userPrefix + uid.String() }

const auditPrefix = "auditgrant-"

// AuditGrantStream is the stream of an audit grant.
func AuditGrantStream(uid uuid.UUID) string { return auditPrefix + uid.String() }

// Awaited are prefixes of streams that no read model is made of, though callers
// are given their positions and then wait for a read to be at them: transfers,
// their plans, release requests.
var Awaited = []string{"transfer-", "transferplan-", "releases-"}
