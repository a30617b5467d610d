package app_test

import (
	"cmp"
	"context"
	"flag"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
)

// TestChaos makes five random runs, and with -short one, unless told otherwise:
// FLEETLEDGER_CHAOS=500 makes 500 of them; with -rapid.seed or the file that a failure leaves, a run comes
// again.
func init() { _ = flag.Set("rapid.checks", cmp.Or(os.Getenv("FLEETLEDGER_CHAOS"), "5")) }

// Several workers carry out random commands at once, which want the same few
// serials, factors, names, e-mail addresses and places; time leaps, read models
// and the finisher follow the log meanwhile. When all has come to rest, the
// invariants hold, what was answered is what is in the log, and the log folded,
// the read models and the histories tell the same, now and of the past.
func TestChaos(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.Custom(drawDeed), 40, 120).Draw(rt, "script")
		workers := rapid.IntRange(1, 4).Draw(rt, "workers")
		instants := rapid.SliceOfN(rapid.Uint16(), 3, 3).Draw(rt, "instants")

		a := newArena(inRun{t, rt})
		concurrently(workers, func(worker int) {
			for i := worker; i < len(script); i += workers {
				a.do(script[i])
			}
		})
		require.Empty(a.t, a.unexpected)
		a.rest()
		a.invariants()
		a.answersFit()
		seen := a.history()
		a.readModelsFit(seen.state, time.Time{})
		a.historiesFit(seen.state)
		for _, n := range instants {
			at := seen.times[int(n)%len(seen.times)]
			a.readModelsFit(seen.until(at), at)
		}
	})
}

// inRun is what a world needs of testing.TB in one run of a property.
type inRun struct {
	testing.TB
	run *rapid.T
}

func (r inRun) Context() context.Context       { return r.run.Context() }
func (r inRun) Cleanup(f func())               { r.run.Cleanup(f) }
func (r inRun) Errorf(format string, a ...any) { r.TB.Logf(format, a...); r.run.Errorf(format, a...) }
func (r inRun) Fatalf(format string, a ...any) { r.run.Fatalf(format, a...) }
func (r inRun) Logf(format string, a ...any)   { r.run.Logf(format, a...) }
func (r inRun) Fatal(a ...any)                 { r.run.Fatal(a...) }
func (r inRun) Error(a ...any)                 { r.run.Error(a...) }
func (r inRun) FailNow()                       { r.run.FailNow() }
func (r inRun) Fail()                          { r.run.Fail() }
func (r inRun) Failed() bool                   { return r.run.Failed() }

// arena is a world and what the workers know of it.
type arena struct {
	*timedWorld

	mu         sync.Mutex
	accounts   []uuid.UUID
	users      []people.UserCommand
	transfers  []uuid.UUID
	plans      []uuid.UUID
	renewals   []uuid.UUID
	requests   []uuid.UUID
	answers    []answer
	unexpected []string
}

// standing is how many accounts stay open.
const standing = 5

// newArena opens two resellers, one of which has almost all its places taken,
// with their customers.
func newArena(t testing.TB) *arena {
	w := followedWorld(t, true)
	// Long ago: then no follower ever waits for its time by the machine's clock.
	w.clock.Set(time.Date(1990, 3, 10, 9, 0, 0, 0, time.UTC))
	w.people = newPeople(w.pool, plainPasswords{})
	w.App = w.with(w.log)
	a := &arena{timedWorld: w}
	north, south := w.reseller("North Radio"), w.reseller("South Radio")
	a.accounts = []uuid.UUID{
		north, south, w.customer(north, "Delta Rail"), w.customer(north, "Alder Ambulance"), w.customer(south, "Prairie Fire"),
	}
	w.registered(north, routers(0, 17)...)
	w.registered(a.accounts[2], routers(17, 3)...)
	return a
}

// rest lets time pass until the finisher has nothing more to do.
func (a *arena) rest() {
	a.t.Helper()
	for range 20 {
		before := a.fold().position
		a.reaches(a.lastOf(a.Finisher.Prefixes()))
		if a.fold().position == before {
			return
		}
	}
	a.t.Fatal("the finisher goes on for ever")
}

// reaches lets time pass until the finisher has come to a position: what it has just
// written itself may be in one batch with that, and too young.
func (a *arena) reaches(p eventlog.Position) {
	a.t.Helper()
	var err error
	for range 60 {
		a.clock.Advance(time.Minute)
		ctx, cancel := context.WithTimeout(a.ctx, time.Second)
		err = a.runner.WaitFor(ctx, []string{a.Finisher.Name()}, p)
		cancel()
		if err == nil {
			return
		}
	}
	status, _ := a.runner.Status(a.ctx)
	a.t.Fatalf("the followers do not come to rest: %v\n%+v", err, status)
}

// lastOf is the position of the last event in streams with the prefixes.
func (a *arena) lastOf(prefixes []string) eventlog.Position {
	events := a.after(eventlog.Position{}, prefixes...)
	return events[len(events)-1].Position
}
