package eventnode

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A full disk is no outage: nothing is tried again until there is room, and whoever
// appends is told at once. The heartbeat looks for room, as long as it takes.

// isDiskFull reports whether the server had no room for what it was to write.
func isDiskFull(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == "53100" || errors.Is(err, syscall.ENOSPC)
}

func (w *writer) noteFull(cause error) {
	if !w.full {
		w.log.Error("the disk is full: no event is taken until there is room", "error", cause)
	}
	w.full = true
}

// lookForRoom ends the waiting where there is room. What else may be wrong is found
// out by the next append.
func (w *writer) lookForRoom(ctx context.Context) error {
	err := w.session.probe(ctx)
	if isDiskFull(err) {
		return nil
	}
	if err == nil {
		w.log.Info("there is room on the disk again")
	}
	w.full = false
	return err
}

// probe writes what the disk needs room for and takes it back: a table, its file,
// and the server's own log.
func (s *session) probe(ctx context.Context) error {
	_, err := s.conn.Exec(ctx, `CREATE TEMPORARY TABLE eventnode_room ON COMMIT DROP AS
		SELECT n, repeat('x', 1000) AS filler FROM generate_series(1, 512) AS n`)
	if err != nil {
		return fmt.Errorf("look for room on the disk: %w", err)
	}
	return nil
}

// tellStarved says of a call that failed because the database is away that it is so
// for want of room, so that the caller does not try again.
func tellStarved(starved func() bool, err error) error {
	if status.Code(err) == codes.Aborted && starved != nil && starved() {
		return failed(errDiskFull)
	}
	return err
}
