package eventstoredb

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// A store that can be read and takes no events is told from one that does.
func TestWritable(t *testing.T) {
	t.Parallel()
	s, node := running(t, func(o *Options) { o.CallTimeout = 300 * time.Millisecond })
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	_, _, err = s.Append(t.Context(), "account-1", eventlog.NoStream, fact(1))
	require.ErrorIs(t, err, eventlog.ErrConflict)
	require.NoError(t, s.Writable(t.Context()), "a refusal is an answer")

	tx, err := node.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE eventnode.events IN EXCLUSIVE MODE`)
	require.NoError(t, err)
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, _, err = s.Append(gone, "account-1", 0, fact(1))
	require.ErrorIs(t, err, eventlog.ErrUnavailable)
	require.NoError(t, s.Writable(t.Context()), "whoever leaves says nothing of the store")
	_, _, err = s.Append(t.Context(), "account-1", 0, fact(2))
	require.ErrorIs(t, err, eventlog.ErrUnavailable)
	require.NoError(t, s.Ping(t.Context()))
	require.ErrorIs(t, s.Writable(t.Context()), eventlog.ErrUnavailable)
	require.Equal(t, 1.0, value(t, s.metrics.appending))
	require.Equal(t, 1.0, value(t, s.metrics.failedAppends))

	require.NoError(t, tx.Rollback(t.Context()))
	require.Eventually(t, func() bool { return s.Writable(t.Context()) == nil }, 20*time.Second, time.Millisecond)
	require.Zero(t, value(t, s.metrics.appending))
	require.Empty(t, all(t, s.ReadStream(t.Context(), probeStream, 0)), "a question leaves nothing in the log")
}

// A full disk is told at once, and is no outage to be waited out.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s, node := running(t)
	_, err := node.Pool().Exec(t.Context(), `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
		END $$;
		CREATE TRIGGER no_room BEFORE INSERT ON eventnode.events EXECUTE FUNCTION no_room()`)
	require.NoError(t, err)
	began := time.Now()
	_, _, err = s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.ErrorIs(t, err, eventlog.ErrDiskFull)
	require.NotErrorIs(t, err, eventlog.ErrUnavailable)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Equal(t, 1.0, value(t, s.metrics.failedAppends))
	require.Equal(t, 1.0, value(t, s.metrics.appending))

	_, err = node.Pool().Exec(t.Context(), `DROP TRIGGER no_room ON eventnode.events`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Writable(t.Context()) == nil }, 20*time.Second, time.Millisecond)
	_, _, err = s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
}
