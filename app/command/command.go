package command

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Command is what every command carries besides its own fields. ID is one per
// request; with an Idempotency-Key it follows from the key, so that a repeat
// after a crash has the same event ids and goes on where the first stopped.
type Command struct {
	ID          uuid.UUID
	Reason      string
	Traceparent string
	// DryRun decides and appends nothing. A use case that does more than Execute
	// leaves the rest out, too.
	DryRun bool
}

// Receipt answers a command on one aggregate: its revision, and where the log
// was then.
type Receipt struct {
	UID      uuid.UUID
	Revision eventlog.Revision
	Position eventlog.Position
}

// Reaching is the receipt with a position that is not before p.
func (r Receipt) Reaching(p eventlog.Position) Receipt {
	if r.Position.Before(p) {
		r.Position = p
	}
	return r
}

// ErrPrecondition says that the aggregate is not at the revision the caller expects.
var ErrPrecondition = errors.New("changed since it was read")

// Changed is ErrPrecondition with the revision that the aggregate is at, and where
// the log was then.
type Changed struct {
	Revision eventlog.Revision // eventlog.NoStream: there is nothing
	Position eventlog.Position
}

func (e *Changed) Error() string { return ErrPrecondition.Error() }

// Is makes it ErrPrecondition.
func (e *Changed) Is(target error) bool { return target == ErrPrecondition }

// Limits of free texts, in runes.
const (
	maxReason      = 500
	maxNote        = 1000
	maxOrderNumber = 100
)

// Codes of refusals that concern any command. They are part of the interface and
// never change.
const (
	CodeReasonInvalid    = "reason_invalid"
	CodeReasonMissing    = "reason_missing"
	CodeOrderInvalid     = "order_number_invalid"
	CodeNoteInvalid      = "note_invalid"
	CodeDuplicate        = "duplicate_in_request"
	CodeBatchRefused     = "batch_refused"
	CodeBatchTooLarge    = "batch_too_large"
	CodeIdempotencyReuse = "idempotency_key_reused"
)

// Check refuses a reason that cannot be recorded.
func (c Command) Check() error { return domain.Refuse(c.Problems()...) }

// Problems are those of the reason.
func (c Command) Problems() []domain.Problem {
	_, problems := FreeText(c.Reason, maxReason, CodeReasonInvalid)
	return domain.At("/reason", problems)
}

// FreeText trims what a person wrote; it may be empty and have several lines.
// limit is in runes; code is that of a text that cannot be recorded.
func FreeText(s string, limit int, code string) (string, []domain.Problem) {
	trimmed, err := text.Free(s, limit)
	if err != nil {
		return "", []domain.Problem{{Code: code, Detail: fmt.Sprintf("The text %v.", err)}}
	}
	return trimmed, nil
}

// OrderNumber trims an order number; it may be empty.
func OrderNumber(s string) (string, []domain.Problem) {
	return FreeText(s, maxOrderNumber, CodeOrderInvalid)
}

// Note trims a note; it may be empty.
func Note(s string) (string, []domain.Problem) { return FreeText(s, maxNote, CodeNoteInvalid) }
