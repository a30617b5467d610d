package logcopy_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/logcopy"
)

// rootOf is the root as the library makes it.
func rootOf(t *testing.T, s *store) tlog.Hash {
	t.Helper()
	var hashes hashes
	for n, e := range copied(s) {
		leaf, err := e.Leaf()
		require.NoError(t, err)
		more, err := tlog.StoredHashes(int64(n), leaf, hashes)
		require.NoError(t, err)
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(int64(len(copied(s))), hashes)
	require.NoError(t, err)
	return root
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		all[i] = h[index]
	}
	return all, nil
}

// A copy of a log of any length has the same root, by the library's count.
func TestRoot(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		from, to := newStore(1).named().grow(n), newStore(7)
		proof, err := run(t, from, to)
		require.NoError(t, err)
		require.Equal(t, logcopy.Proof{Copied: int64(n), Events: int64(n), Here: rootOf(t, from), Root: rootOf(t, from)}, proof)
		requireSame(t, from, to)
	}
}

// Whatever append a copy dies at, and whether that is done, the next run ends right.
func TestGoesOnWhereItDied(t *testing.T) {
	t.Parallel()
	const events = 20
	died := 0
	for at := 1; at <= events; at++ {
		for _, done := range []bool{false, true} {
			from, to := newStore(1).grow(events), newStore(3).named()
			end := func(n int) error {
				if n == at {
					return errGone
				}
				return nil
			}
			if to.before = end; done {
				to.before, to.answered = nil, end
			}
			if _, err := run(t, from, to); err != nil {
				require.ErrorIs(t, err, errGone)
				died++
			}
			to.before, to.answered = nil, nil
			from.grow(5)
			proof, err := run(t, from, to)
			require.NoError(t, err)
			require.EqualValues(t, events+5, proof.Events)
			require.Equal(t, rootOf(t, from), proof.Root)
			requireSame(t, from, to)
		}
	}
	require.Greater(t, died, 10)
}

// Two at once, the log going on: both end right, and no event is there twice.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	for range 10 {
		from, to := newStore(1).grow(100), newStore(2)
		to.before = func(n int) error {
			if n%7 == 0 {
				from.grow(1)
			}
			return nil
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				_, err := run(t, from, to)
				require.NoError(t, err)
			})
		}
		both.Wait()
		to.before = nil
		_, err := run(t, from, to)
		require.NoError(t, err)
		requireSame(t, from, to)
	}
}

// One has appended a part of what the other sends at once.
func TestAnotherWasFasterWithAPart(t *testing.T) {
	t.Parallel()
	from, to := newStore(1).grow(3), newStore(1)
	to.before = func(n int) error {
		if n == 1 {
			to.put(from.events[0])
			to.put(from.events[1])
		}
		return nil
	}
	proof, err := run(t, from, to)
	require.NoError(t, err)
	require.EqualValues(t, 1, proof.Copied)
	requireSame(t, from, to)
}

// A target that has something else is refused, with the first difference, and nothing
// is written.
func TestWrongTargets(t *testing.T) {
	t.Parallel()
	from := newStore(1).named().grow(20)
	logged := &store{events: copied(from)}
	foreign := eventlog.Recorded{ID: uuid.New(), Stream: "orders-1", Event: sealed(`{}`)}
	changed := func(change func(*eventlog.Recorded)) func(int, *eventlog.Recorded) bool {
		return func(i int, e *eventlog.Recorded) bool {
			if i == 4 {
				change(e)
			}
			return true
		}
	}
	for name, c := range map[string]struct {
		to   *store
		says string
	}{
		"a foreign event": {newStore(1).with(&store{events: []eventlog.Recorded{foreign}}, 1, nil), "as event 1 of the log it has Renamed (revision 0 of orders-1"},
		"another log":     {newStore(1).grow(20), "as event 1 of the log it has Renamed (revision 0 of device-0"},
		"one too many":    {newStore(1).with(logged, 20, nil).with(&store{events: []eventlog.Recorded{foreign}}, 1, nil), "it has one too many as event 21 of the log: Renamed (revision 0 of orders-1"},
		"one missing":     {newStore(1).with(logged, 20, func(i int, _ *eventlog.Recorded) bool { return i != 4 }), "as event 5 of the log"},
		"another id":      {newStore(1).with(logged, 9, changed(func(e *eventlog.Recorded) { e.ID = uuid.New() })), "as event 5 of the log it has"},
		"a byte of data":  {newStore(1).with(logged, 9, changed(func(e *eventlog.Recorded) { e.Event = sealed(`{"n":4}`) })), "its data differs"},
		"another content type": {newStore(1).with(logged, 9, changed(func(e *eventlog.Recorded) {
			e.Event = eventlog.Sealed{Name: "Renamed", ContentType: "application/octet-stream"}
		})), "its content type is application/octet-stream"},
		"another type": {newStore(1).with(logged, 9, changed(func(e *eventlog.Recorded) { e.Event = eventlog.Sealed{Name: "Closed"} })), "its type is Closed"},
		"other metadata": {newStore(1).with(logged, 9, changed(func(e *eventlog.Recorded) {
			s := e.Event.(eventlog.Sealed)
			s.Metadata = nil
			e.Event = s
		})), "its metadata differs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, from, c.to)
			require.ErrorIs(t, err, logcopy.ErrOtherLog)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "nothing was written")
			require.Zero(t, c.to.appends)
		})
	}
}

// Somebody writes to the target while it is copied to.
func TestSomebodyWritesMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ stream, says string }{
		"in the way":   {"device-1", "there it has Renamed (revision 0 of device-1"},
		"beside it":    {"orders-1", "it has Renamed (revision 0 of orders-1"},
		"its own name": {eventlog.IdentityStream, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := newStore(1).named().grow(20), newStore(1)
			to.before = func(n int) error {
				if n == 2 {
					to.put(eventlog.Recorded{ID: uuid.New(), Stream: c.stream, Event: sealed(`{}`)})
				}
				return nil
			}
			_, err := run(t, from, to)
			if c.says == "" {
				require.NoError(t, err)
				requireSame(t, from, to)
				return
			}
			require.ErrorIs(t, err, logcopy.ErrOtherLog)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "events were written before")
		})
	}
}

// What the target lost again shows when it is read back.
func TestTheTargetForgets(t *testing.T) {
	t.Parallel()
	from, to := newStore(1).grow(20), newStore(1)
	to.answered = func(n int) error {
		if n == 4 {
			to.events = to.events[:len(to.events)-2]
		}
		return nil
	}
	_, err := run(t, from, to)
	require.ErrorIs(t, err, logcopy.ErrOtherLog)
	require.ErrorContains(t, err, "as event 11 of the log")
}

// The log itself, by whatever address, is no target.
func TestToItself(t *testing.T) {
	t.Parallel()
	from := newStore(1).named().grow(3)
	_, err := run(t, from, from)
	require.ErrorIs(t, err, logcopy.ErrSameLog)
	require.Zero(t, from.appends)
}
