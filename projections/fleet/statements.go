package fleet

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// statements are one batch's work on tables that need no rows read before: what
// each event gives cause to, in the events' order.
type statements struct {
	queued pgx.Batch
}

func (s *statements) queue(sql string, args ...any) { s.queued.Queue(sql, args...) }

func (*statements) load(*pgx.Batch) {}

func (s *statements) write(b *pgx.Batch) (copyFunc, error) { //nolint:unparam // as tableFold has it
	b.QueuedQueries = append(b.QueuedQueries, s.queued.QueuedQueries...)
	return noCopy, nil
}

// inStream checks that a stream's name ends with a uid.
func inStream(e eventlog.Recorded, prefix string) error {
	_, err := uidOf(e.Stream, prefix)
	return err
}

// orNull is a uid, NULL where there is none.
func orNull(uid uuid.UUID) *[16]byte {
	if uid == uuid.Nil {
		return nil
	}
	return (*[16]byte)(&uid)
}
