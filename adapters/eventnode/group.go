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

// finalOnly is the reason for this node to stop, nil when there is none.
func finalOnly(err error) error {
	for _, final := range []error{ErrFenced, ErrSetBack} {
		if errors.Is(err, final) {
			return final
		}
	}
	return nil
}

// isMissingTable says that PostgreSQL answers, and that the log is not there.
func isMissingTable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000")
}

// isDataError says that PostgreSQL refused the content, so that trying again is
// of no use: classes data exception and program limit exceeded.
func isDataError(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "54"))
}
