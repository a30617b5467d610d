package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/access"
)

// Service is what the demo needs of the service that it fills.
type Service struct {
	Handler  http.Handler
	Operator string        // token
	Tokens   access.Tokens // those of the invitations, which are mailed
	// MoveTo sets the clock.
	MoveTo func(time.Time)
	// CatchUp waits until the read model knows what is in the log.
	CatchUp func(context.Context) error
	// RunDue does what has fallen due by the clock.
	RunDue func(context.Context) error
	// AccountToken makes a token with all rights in an account.
	AccountToken func(ctx context.Context, account uuid.UUID, label string) (string, error)
	Out          io.Writer // takes a line now and then
	Journal      string    // file that is kept until the demo is filled
}

// Filled is what one needs to look at the demo.
type Filled struct {
	Reseller uuid.UUID // account of the first reseller
	Desk     string    // token with all rights there
	Auditor  string    // token of the audit grant in force
}

// run is a demo being filled in.
type run struct {
	Service
	tables
	journal  *journal
	began    time.Time // the demo's present
	password string    // everybody's
	today    int       // days before the present
	now      time.Time // of the step

	operator, desk *client.Client
	accounts       map[string]uuid.UUID  // by the name that they began with
	users          map[string]uuid.UUID  // by e-mail address
	mu             sync.Mutex            // for sessions
	sessions       map[string]session    // the latest of an e-mail address
	delivered      map[string][]delivery // to a customer, oldest first
	orders         int                   // numbered so far
	filled         Filled
}

// step is something that happens on a day.
type step struct {
	day int // days before the present
	do  func(context.Context) error
}

// Start is when a demo begins that has this present.
func Start(began time.Time) time.Time {
	return (&run{began: began.UTC()}).hour(founded, 0)
}

// Fill lives through the demo's past. began is the demo's present, the same on
// each run until one of them has finished; the clock is left at it.
func Fill(ctx context.Context, s Service, began time.Time, password string) (Filled, error) {
	read, err := readTables()
	if err != nil {
		return Filled{}, err
	}
	j, err := openJournal(s.Journal)
	if err != nil {
		return Filled{}, err
	}
	defer func() { _ = j.file.Close() }()
	r := &run{
		Service: s, tables: read, journal: j, began: began.UTC(), password: password,
		accounts: map[string]uuid.UUID{}, users: map[string]uuid.UUID{},
		sessions: map[string]session{}, delivered: map[string][]delivery{},
	}
	if r.operator, err = r.client(s.Operator); err != nil {
		return Filled{}, err
	}
	steps := slices.Concat(r.opening(), r.customersJoin(), r.peopleJoin(), r.signIns(), r.deliveries(), r.scenes())
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(b.day, a.day) })
	for i, s := range steps {
		if err := r.enter(ctx, i, steps); err != nil {
			return Filled{}, fmt.Errorf("%d days ago: %w", s.day, err)
		}
		if err := s.do(ctx); err != nil {
			return Filled{}, fmt.Errorf("%d days ago: %w", s.day, err)
		}
	}
	return r.filled, r.CatchUp(ctx)
}

// enter sets the clock for a step. A new day begins with what has fallen due, by
// all that the days before have brought.
func (r *run) enter(ctx context.Context, i int, steps []step) error {
	day, nth := steps[i].day, 0
	for nth < i && steps[i-nth-1].day == day {
		nth++
	}
	r.now = r.hour(day, nth)
	if nth > 0 {
		r.MoveTo(r.now)
		return nil
	}
	if i > 0 {
		r.tell(steps[i-1].day, day)
	}
	r.today = day
	r.MoveTo(r.now)
	if err := r.CatchUp(ctx); err != nil {
		return err
	}
	return r.RunDue(ctx)
}

// hour is when the nth thing of a day happens. The present has no morning: it may
// have only begun.
func (r *run) hour(day, nth int) time.Time {
	if day == 0 {
		return r.began
	}
	return r.date(day).Add(8*time.Hour + time.Duration(nth)*6*time.Minute)
}

// date is midnight, days before the present.
func (r *run) date(day int) time.Time {
	return r.began.Truncate(24*time.Hour).AddDate(0, 0, -day)
}

// tell says how far it is, every two months.
func (r *run) tell(before, day int) {
	const every = 60
	if before/every == day/every || before > 500 {
		return
	}
	devices := 0
	for _, to := range r.delivered {
		devices += len(to)
	}
	fmt.Fprintf(r.Out, "demo: %d months ago: %d accounts, %d devices\n", before/30, len(r.accounts), devices)
}
