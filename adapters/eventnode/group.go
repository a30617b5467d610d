package eventnode

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

func (r *request) weight() (events, bytes int) {
	for _, e := range r.events {
		bytes += len(e.data) + len(e.metadata)
	}
	return len(r.events) + 1, bytes
}

func (w *writer) refuseQueued(err error) {
	for {
		select {
		case r := <-w.queue:
			refuse([]*request{r}, err)
		default:
			return
		}
	}
}

func refuse(group []*request, err error) {
	for _, r := range group {
		r.done <- outcome{err: err}
	}
}

// dropAbandoned answers and removes requests whose callers are gone.
func dropAbandoned(group []*request) []*request {
	kept := group[:0]
	for _, r := range group {
		if err := r.ctx.Err(); err != nil {
			r.done <- outcome{err: err}
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func fencedOnly(err error) error {
	if errors.Is(err, ErrFenced) {
		return ErrFenced
	}
	return nil
}

// isDataError says that PostgreSQL refused the content, so that trying again is
// of no use: classes data exception and program limit exceeded.
func isDataError(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "54"))
}
