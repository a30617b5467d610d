// Package projections runs the read models and the reactions that follow the
// log. A read model is a declaration: name, version, which streams, which
// tables, and how a batch of events becomes rows. The [Runner] does the rest:
//
//   - One message is one batch. Its rows and the checkpoint are written in one
//     transaction that begins with a compare-and-swap of the checkpoint, so
//     every event takes effect once, whichever instance runs and whatever dies.
//     The lease lets one instance run; that is efficiency, not correctness.
//   - No event is skipped. What becomes of one that fails is told at [Runner], and what
//     of a follower under which the log was set back, in lost.go, or moved, in moved.go.
//   - Rows live in the schema rm_<name>_v<version>. A rebuild fills another
//     generation beside it and swaps the two in one short transaction. A new
//     version starts with a rebuild while the program with the old one serves;
//     without, it is filled as it runs and gives no answers until then.
//   - Readers with SQL of their own see the live generation through Views.
//
// The read models themselves, with their queries, are in the folders below.
package projections

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Projection declares a read model.
type Projection struct {
	// Name is part of the schema's name: lower-case letters, digits, underscores.
	Name string
	// Version changes when rows of the older code would be wrong for the new.
	Version int
	// Prefixes choose the streams it follows.
	Prefixes []string
	// Sealed: it is given events as the log keeps them, eventlog.Sealed.
	Sealed bool
	// Tables creates the tables. Statements here, in Indexes and in Apply name
	// tables without their schema: the search path leads to the generation
	// that is being written.
	Tables []string
	// Indexes are those that catching up can do without: a rebuild makes them
	// when the rows are there.
	Indexes []Index
	// Apply turns events into rows. It is called with events in log order,
	// each exactly once as far as the committed effect goes, and must give the
	// same rows however they are cut into batches. A returned error rolls the
	// transaction back.
	Apply func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error
	// Views are for readers outside of this program; nil: none.
	Views *Views
}

// Index is one index of a projection.
type Index struct {
	SQL string
	// Extension is a PostgreSQL extension that the index needs. Where the server
	// does not have it the index is left out: queries stay right, slower.
	Extension string
}

// Schema is the name of the schema with the live rows.
func (p Projection) Schema() string { return fmt.Sprintf("rm_%s_v%d", p.Name, p.Version) }

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (p Projection) validate() error {
	switch {
	case !validName.MatchString(p.Name):
		return fmt.Errorf("projection name %q must match %s", p.Name, validName)
	case p.Version < 1:
		return fmt.Errorf("projection %s: version %d is not positive", p.Name, p.Version)
	case len(p.Prefixes) == 0:
		return fmt.Errorf("projection %s follows no stream", p.Name)
	case p.Apply == nil:
		return fmt.Errorf("projection %s has no Apply", p.Name)
	}
	return nil
}

// Reaction is a follower with side effects: it appends to streams, queues jobs.
// It has a checkpoint as projections do, written after the handling: a batch
// may come again after a crash, so Handle must be safe to repeat. Within one
// Runner batches come one at a time and in order.
//
// An error with the method NotBefore() time.Time in its chain says that it is
// too early for an event: the batch comes again then, or after a second if
// that is sooner, and nothing is counted as a failure.
type Reaction struct {
	Name     string
	Prefixes []string
	Handle   func(ctx context.Context, batch eventlog.Batch) error
	// Replaces names reactions of earlier programs that this one stands for, those
	// of the latest program first. It begins where the slowest of the first ones that
	// are all there got to, so that nothing is missed; what others of them have
	// handled it handles again.
	Replaces [][]string
}

func (r Reaction) validate() error {
	switch {
	case !validName.MatchString(r.Name):
		return fmt.Errorf("reaction name %q must match %s", r.Name, validName)
	case len(r.Prefixes) == 0:
		return fmt.Errorf("reaction %s follows no stream", r.Name)
	case r.Handle == nil:
		return fmt.Errorf("reaction %s has no Handle", r.Name)
	}
	return nil
}

// filterHash stands in the checkpoint: a position means nothing to another
// choice of streams.
func filterHash(prefixes []string) string {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(prefixes)), "\x00")))
	return hex.EncodeToString(sum[:8])
}
