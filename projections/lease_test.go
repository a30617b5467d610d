package projections

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// instance is one holder of leases and its connection, polled by hand.
type instance struct {
	*leases
	t    *testing.T
	url  string
	conn *pgx.Conn
}

func newInstance(t *testing.T, url string) *instance {
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	i := &instance{t: t, url: url, leases: newLeases(config, time.Second, time.Hour, slog.New(slog.DiscardHandler))}
	i.connect()
	return i
}

func (i *instance) connect() {
	conn, err := pgx.Connect(i.t.Context(), i.url)
	require.NoError(i.t, err)
	i.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(i.t.Context())) })
	i.conn = conn
}

// wants asks for a lease and gives what is to be told.
func (i *instance) wants(name string) *wish {
	w := &wish{granted: make(chan struct{})}
	w.ctx, w.lost = context.WithCancelCause(i.t.Context())
	i.want[name] = w
	return w
}

func (i *instance) polls() {
	i.t.Helper()
	require.NoError(i.t, i.poll(i.t.Context(), i.conn))
}

func (i *instance) exec(sql string, args ...any) {
	i.t.Helper()
	_, err := i.conn.Exec(i.t.Context(), sql, args...)
	require.NoError(i.t, err)
}

func TestLeaseEndsByTheClockOfTheDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	first, second := newInstance(t, url), newInstance(t, url)
	held, waiting := first.wants("x"), second.wants("x")
	first.polls()
	second.polls()
	require.True(t, held.held())
	require.False(t, waiting.held(), "renewed a moment ago")

	first.exec(`UPDATE ops.leases SET expires_at = clock_timestamp()`) // not renewed in time
	second.polls()
	require.True(t, waiting.held())
	require.NoError(t, held.ctx.Err(), "the first one does not know yet")
	first.polls()
	require.ErrorIs(t, context.Cause(held.ctx), errLeaseLost)
	again := first.wants("x")
	first.polls()
	require.False(t, again.held())
	second.polls()
	require.NoError(t, waiting.ctx.Err())
	var token int
	require.NoError(t, first.conn.QueryRow(t.Context(), `SELECT token FROM ops.leases`).Scan(&token))
	require.Equal(t, 2, token)
}

func TestLeaseEndsWithItsSession(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	first, second := newInstance(t, url), newInstance(t, url)
	held, waiting := first.wants("x"), second.wants("x")
	first.polls()
	second.exec(`SELECT pg_terminate_backend(backend, 10000) FROM ops.leases`)
	first.connect()
	first.polls()
	second.polls()
	require.NoError(t, held.ctx.Err(), "the next connection came before another instance")
	require.False(t, waiting.held())

	second.exec(`SELECT pg_terminate_backend(backend, 10000) FROM ops.leases`)
	second.polls()
	require.True(t, waiting.held(), "the holder was killed")
}

// A holder that cannot renew lets go by itself, also while the renewal hangs.
func TestLeaseIsLostWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeases(nil, time.Second, 3*time.Second, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := &wish{granted: make(chan struct{})}
		w.ctx, w.lost = context.WithCancelCause(ctx)
		l.want["x"], l.renewed = w, time.Now()
		close(w.granted)
		began := time.Now()
		go l.expire(ctx)
		<-w.ctx.Done()
		require.Equal(t, 3*time.Second, time.Since(began))
		require.ErrorIs(t, context.Cause(w.ctx), errLeaseLost)
	})
}
