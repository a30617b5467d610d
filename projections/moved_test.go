package projections_test

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// copied is a script with the first events of this one, elsewhere in its log. told says
// whether it tells positions in reads of one stream.
func (s *script) copied(first int, told bool) *copied {
	c := &copied{newScript(s.batch), told}
	for i, e := range s.events[:first] {
		e.Position = eventlog.Position{Commit: uint64(i+1) * 7, Prepare: uint64(i+1) * 7}
		c.events = append(c.events, e)
	}
	return c
}

type copied struct {
	*script
	told bool
}

func (c *copied) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range c.script.ReadStream(ctx, stream, from) {
			if !c.told {
				e.Position = eventlog.Position{}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (c *copied) of(pool *pgxpool.Pool, source string) projections.Options {
	o := c.script.of(pool, source)
	o.Log = c
	return o
}

// of are the options of a runner that follows the log under a name.
func (s *script) of(pool *pgxpool.Pool, source string) projections.Options {
	o := s.options(pool)
	o.Source = source
	return o
}

// counting is a reaction that counts what it handles.
type counting struct {
	mu      sync.Mutex
	handled map[uuid.UUID]int
}

func (c *counting) reaction() projections.Reaction {
	return projections.Reaction{Name: "mails", Prefixes: []string{"counter-"}, Handle: func(_ context.Context, b eventlog.Batch) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, e := range b.Events {
			c.handled[e.ID]++
		}
		return nil
	}}
}

// TestGoesOnInACopy: the log was copied to another store. The reaction handles each
// event once, the read model is made anew.
func TestGoesOnInACopy(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"positions told with a stream": true, "and not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, log, c := pgtest.Pool(t), newScript(10), &counting{handled: map[uuid.UUID]int{}}
			before := start(t, log.of(pool, "a"), []projections.Projection{counters()}, c.reaction())
			last := log.add(many(30)...)
			before.waitFor(t, "mails", last)
			before.waitFor(t, "counters", last)
			log.add(many(5)...)
			before.stop()

			moved := log.copied(35, told)
			r, err := projections.New(moved.of(pool, "b"), []projections.Projection{counters()}, []projections.Reaction{c.reaction()})
			require.NoError(t, err)
			require.ErrorIs(t, r.Prepare(t.Context()), projections.ErrForeignCheckpoint)
			foreign, err := r.Foreign(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"counters", "mails"}, foreign)
			require.NoError(t, r.CheckMoved(t.Context()))
			at, err := r.SetBack(t.Context(), "mails")
			require.NoError(t, err)
			require.GreaterOrEqual(t, at.Commit, uint64(30*7))
			require.NoError(t, r.Rebuild(t.Context(), "counters", nil))
			foreign, err = r.Foreign(t.Context())
			require.NoError(t, err)
			require.Empty(t, foreign)
			again, err := r.SetBack(t.Context(), "mails")
			require.NoError(t, err)
			require.Equal(t, at, again, "nothing to do")

			running := start(t, moved.of(pool, "b"), []projections.Projection{counters()}, c.reaction())
			end := moved.add(many(5)...)
			running.waitFor(t, "mails", end)
			running.waitFor(t, "counters", end)
			requireExact(t, pool, moved.script, schema)
			c.mu.Lock()
			defer c.mu.Unlock()
			require.Len(t, c.handled, 40)
			for i, e := range moved.events {
				require.Equal(t, 1, c.handled[e.ID], "event %d", i)
			}
		})
	}
}

// TestRefusesWhatIsNoCopy: the log lacks what was handled, or has something else there.
func TestRefusesWhatIsNoCopy(t *testing.T) {
	t.Parallel()
	pool, log, c := pgtest.Pool(t), newScript(10), &counting{handled: map[uuid.UUID]int{}}
	before := start(t, log.of(pool, "a"), []projections.Projection{counters()}, c.reaction())
	last := log.add(many(30)...)
	before.waitFor(t, "mails", last)
	before.waitFor(t, "counters", last)
	before.stop()
	other := newScript(10)
	other.add(many(40)...)
	for name, l := range map[string]*script{"not whole": log.copied(29, true).script, "another": other, "empty": newScript(1)} {
		for _, followers := range []struct {
			models    []projections.Projection
			reactions []projections.Reaction
		}{{models: []projections.Projection{counters()}}, {reactions: []projections.Reaction{c.reaction()}}} {
			r, err := projections.New(l.of(pool, "b"), followers.models, followers.reactions)
			require.NoError(t, err)
			err = r.CheckMoved(t.Context())
			require.ErrorIs(t, err, projections.ErrNotCopied, name)
			require.ErrorContains(t, err, "revision 29 of counter-1")
			if followers.reactions != nil {
				_, err = r.SetBack(t.Context(), "mails")
				require.ErrorIs(t, err, projections.ErrNotCopied, name)
			}
		}
	}
	var source string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT DISTINCT source FROM ops.projector_checkpoint`).Scan(&source))
	require.Equal(t, "a", source)
}

// TestALogsNameIsInNoCopy: the last that a read model has seen is the log's name, as
// after a restore.
func TestALogsNameIsInNoCopy(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	r, err := projections.New(log.of(pool, "a"), []projections.Projection{counters()}, nil)
	require.NoError(t, err)
	require.NoError(t, r.Prepare(t.Context()))
	_, err = pool.Exec(t.Context(), `UPDATE ops.projector_checkpoint SET commit_position = 700, prepare_position = 700, events = 3, event_count = 3,
		event_id = gen_random_uuid(), event_stream = $1, event_revision = 1, event_commit = 700, event_prepare = 700`, eventlog.IdentityStream)
	require.NoError(t, err)
	log.add(many(2)...)
	moved, err := projections.New(log.copied(2, true).of(pool, "b"), []projections.Projection{counters()}, nil)
	require.NoError(t, err)
	require.NoError(t, moved.CheckMoved(t.Context()))
}

// TestRefusesWhileTheLogBeforeIsFollowed: an instance was not stopped.
func TestRefusesWhileTheLogBeforeIsFollowed(t *testing.T) {
	t.Parallel()
	pool, log, c := pgtest.Pool(t), newScript(10), &counting{handled: map[uuid.UUID]int{}}
	short := func(o projections.Options) projections.Options {
		o.LeaseLife = time.Second
		return o
	}
	before := start(t, short(log.of(pool, "a")), nil, c.reaction())
	before.waitFor(t, "mails", log.add(many(30)...))
	r, err := projections.New(short(log.copied(30, true).of(pool, "b")), nil, []projections.Reaction{c.reaction()})
	require.NoError(t, err)
	require.ErrorIs(t, r.CheckMoved(t.Context()), projections.ErrFollowed)
	_, err = r.SetBack(t.Context(), "mails")
	require.ErrorIs(t, err, projections.ErrFollowed)
	before.stop()
	require.NoError(t, r.CheckMoved(t.Context()))
}

// TestMovesBeforeTheFirstEvent: a reaction that has met nothing begins at the beginning;
// one that took the place of others, and has met nothing since, is not known to have
// handled anything.
func TestMovesBeforeTheFirstEvent(t *testing.T) {
	t.Parallel()
	pool, log, c := pgtest.Pool(t), newScript(10), &counting{handled: map[uuid.UUID]int{}}
	r, err := projections.New(log.of(pool, "a"), nil, []projections.Reaction{c.reaction()})
	require.NoError(t, err)
	require.NoError(t, r.Prepare(t.Context()))
	_, err = pool.Exec(t.Context(), `UPDATE ops.projector_checkpoint SET commit_position = 700, prepare_position = 700`)
	require.NoError(t, err)
	log.add(many(3)...)
	next := c.reaction()
	next.Replaces = [][]string{{"letters"}}
	moved, err := projections.New(log.copied(3, true).of(pool, "b"), nil, []projections.Reaction{next})
	require.NoError(t, err)
	require.NoError(t, moved.CheckMoved(t.Context()))

	_, err = pool.Exec(t.Context(), `INSERT INTO ops.projector_checkpoint (name, version, source, filter, commit_position, prepare_position, state)
		VALUES ('letters', 1, 'a', '', 700, 700, 'running')`)
	require.NoError(t, err)
	require.ErrorContains(t, moved.CheckMoved(t.Context()), "which event it handled last is not known")
	_, err = moved.SetBack(t.Context(), "mails")
	require.ErrorContains(t, err, "which event it handled last is not known")
	_, err = pool.Exec(t.Context(), `DELETE FROM ops.projector_checkpoint WHERE name = 'letters'`)
	require.NoError(t, err)
	at, err := moved.SetBack(t.Context(), "mails")
	require.NoError(t, err)
	require.Equal(t, eventlog.Position{}, at)
}
