package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	answer := func(code string) error { return fmt.Errorf("query: %w", &pgconn.PgError{Code: code}) }
	for class, errs := range map[postgres.Class][]error{
		postgres.Permanent: {
			nil, errors.New("a bug"), pgx.ErrNoRows,
			answer("23505"), answer("42703"), answer("25001"), answer(""),
		},
		postgres.Unavailable: {
			answer("57P01"), answer("57P02"), answer("57P03"), answer("53300"), answer("25006"), answer("08006"),
			io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, &net.OpError{Op: "read", Err: errors.New("gone")},
			&pgconn.ConnectError{},
		},
		postgres.Conflict:   {answer("40001"), answer("40P01"), answer("55P03"), answer("55006")},
		postgres.Overloaded: {answer("53100"), answer("53200"), answer("57014"), answer("58030")},
		postgres.Abandoned:  {context.Canceled, fmt.Errorf("read: %w", context.DeadlineExceeded), errors.Join(io.EOF, context.Canceled)},
	} {
		for _, err := range errs {
			require.Equal(t, class, postgres.Classify(err), "%v", err)
			require.Equal(t, class == postgres.Unavailable, postgres.IsUnavailable(err))
		}
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	require.NoError(t, postgres.Failure("read", nil))
	require.Equal(t, query.ErrNotFound, postgres.Failure("read", fmt.Errorf("scan: %w", pgx.ErrNoRows)))
	kinds := []error{query.ErrNotFound, query.ErrUnavailable, eventlog.ErrBusy}
	for cause, kind := range map[error]error{
		io.EOF:                          query.ErrUnavailable,
		&pgconn.PgError{Code: "40P01"}:  eventlog.ErrBusy,
		&pgconn.PgError{Code: "53100"}:  nil,
		&pgconn.PgError{Code: "23505"}:  nil,
		context.Canceled:                nil,
		errors.New("an error of pgx's"): nil,
	} {
		err := postgres.Failure("read", cause)
		require.ErrorIs(t, err, cause)
		require.ErrorContains(t, err, "read: ")
		for _, k := range kinds {
			require.Equal(t, kind != nil && errors.Is(kind, k), errors.Is(err, k), "%v", err)
		}
	}
}

// Two transactions that wait for each other: the server ends one of them.
func TestDeadlockIsAConflict(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	_, err := pool.Exec(t.Context(), `INSERT INTO ops.settings (key, value) VALUES ('a', '1'), ('b', '1')`)
	require.NoError(t, err)
	update := func(tx pgx.Tx, key string) error {
		_, err := tx.Exec(t.Context(), `UPDATE ops.settings SET value = '2' WHERE key = $1`, key)
		return err
	}
	first, err := pool.Begin(t.Context())
	require.NoError(t, err)
	second, err := pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, update(first, "a"))
	require.NoError(t, update(second, "b"))
	ended := make(chan error, 2)
	for tx, key := range map[pgx.Tx]string{first: "b", second: "a"} {
		go func() {
			err := update(tx, key)
			ended <- errors.Join(err, tx.Rollback(t.Context()))
		}()
	}
	one, other := <-ended, <-ended
	require.ErrorIs(t, postgres.Failure("update", errors.Join(one, other)), eventlog.ErrBusy)
}
