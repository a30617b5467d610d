package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// OperationKind is the bulk command an operation carries out.
type OperationKind string

// The kinds of operations.
const (
	OperationRegistration OperationKind = "registration"
	OperationTransfer     OperationKind = "transfer"
	OperationRenewal      OperationKind = "renewal"
	OperationDeviceChange OperationKind = "deviceChange"
)

// OperationState is how far an operation is.
type OperationState string

// The states of an operation. Done and failed are final.
const (
	OperationQueued  OperationState = "queued"
	OperationRunning OperationState = "running"
	OperationDone    OperationState = "done"
	OperationFailed  OperationState = "failed"
)

// Operation is a bulk command that is carried out in the background, a chunk
// of items at a time and in request order.
type Operation struct {
	ID         uuid.UUID
	Kind       OperationKind
	Account    uuid.UUID // of the caller who submitted it, and sees it; uuid.Nil: the operator
	State      OperationState
	Total      int
	Done       int // items that have a result; always the first ones
	Counters   map[domain.Outcome]int
	CreatedAt  time.Time
	StartedAt  time.Time         // zero while queued
	FinishedAt time.Time         // zero until done or failed
	Error      string            // code and detail of what failed the operation as a whole
	Position   eventlog.Position // of the last event appended so far
}

// Finished reports whether nothing more will happen.
func (o Operation) Finished() bool { return o.State == OperationDone || o.State == OperationFailed }

// OperationQuery filters the operations of some accounts. Operator: of the operator.
type OperationQuery struct {
	query.Page
	Accounts []uuid.UUID
	Operator bool
	States   []OperationState // none: any, so with kinds
	Kinds    []OperationKind
}

// OperationChunk is what SaveChunk records: the results of the items From,
// From+1 and so on.
type OperationChunk struct {
	From     int
	Results  [][]byte // JSON, one per item
	Counters map[domain.Outcome]int
	Position eventlog.Position // zero: nothing was appended
	At       time.Time
}

// OperationStore keeps operations, their requests and their results. Requests,
// items and results are JSON that only this package reads. Every method gives
// query.ErrUnavailable when the database does not answer.
type OperationStore interface {
	// CreateOperation keeps a new operation (state queued) with its request
	// and items, and queues the job that calls RunOperationChunk, all in one
	// transaction. When there is an operation of that id already, nothing changes
	// and there is no error.
	CreateOperation(ctx context.Context, op Operation, request []byte, items [][]byte) error
	// Operation finds an operation, else ErrNotFound.
	Operation(ctx context.Context, id uuid.UUID) (Operation, error)
	// Operations is a page of operations, the youngest first unless sorted by
	// createdAt; query.ErrBadCursor for a cursor that does not fit.
	Operations(context.Context, OperationQuery) (query.List[Operation], error)
	// OperationRequest gives the request, and up to limit items in order from
	// the item with index from (0-based), else ErrNotFound.
	OperationRequest(ctx context.Context, id uuid.UUID, from, limit int) (request []byte, items [][]byte, err error)
	// SaveChunk, in one transaction and only while Done is chunk.From and the
	// operation is not finished: keeps the results, adds the number of them to
	// Done and the counters to Counters, takes over a position that is not
	// zero, sets StartedAt when it is not set and the state to running, or to
	// done (with FinishedAt) when Done reaches Total, else queues the job of the
	// next chunk. Otherwise it changes nothing: another runner was faster. There
	// is no error then.
	SaveChunk(ctx context.Context, id uuid.UUID, chunk OperationChunk) error
	// FailOperation sets the state failed, Error and FinishedAt, unless the
	// operation is finished.
	FailOperation(ctx context.Context, id uuid.UUID, reason string, at time.Time) error
	// StopOperations fails the operations of an account that were created up to an
	// instant and have not finished, as FailOperation does.
	StopOperations(ctx context.Context, account uuid.UUID, reason string, upTo, at time.Time) error
	// OpenOperations counts the operations of an account that have not finished.
	OpenOperations(ctx context.Context, account uuid.UUID) (int, error)
	// OperationResults gives up to limit results in order, from the item with
	// index from (0-based) on, as far as there are any.
	OperationResults(ctx context.Context, id uuid.UUID, from, limit int) ([][]byte, error)
}
