package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// A service that was killed in the middle of an operation goes on with it as it
// starts, without waiting for the job queue to notice the death.
func TestOperationIsResumedAfterAKill(t *testing.T) {
	t.Parallel()
	long(t)
	const total = 2000
	dir := t.TempDir()
	s := serve(t, dir)
	_, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	customer := s.customer(desk, "Prairie Fire", "complete")
	var file strings.Builder
	fmt.Fprintln(&file, "TARGET_COMPANY,GATEWAY[SERIAL NUMBER],GATEWAY[ESN]")
	for n := range total {
		fmt.Fprintf(&file, "%s,LD%014d,%08X\n", customer, n, n+1)
	}
	operation := when(desk.RegisterDevicesWithBody(t.Context(), &client.RegisterDevicesParams{Prefer: new("respond-async")},
		"text/csv", strings.NewReader(file.String()))).Then(t).JSON202.Id

	beside, err := attachStores(t.Context(), &Config{DataDir: dir}, quiet())
	require.NoError(t, err)
	// With its row locked, the operation cannot get past the chunk that it is killed in.
	is := func(condition string) func() bool {
		return func() (holds bool) {
			return beside.pool.QueryRow(t.Context(), `SELECT EXISTS (`+condition+`)`).Scan(&holds) == nil && holds
		}
	}
	require.Eventually(t, is(`SELECT FROM ops.operations WHERE done > 0`), time.Minute, 5*time.Millisecond)
	tx, err := beside.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT FROM ops.operations FOR UPDATE`)
	require.NoError(t, err)
	require.Eventually(t, is(`SELECT FROM ops.river_job WHERE kind = 'operation' AND state = 'running'`), time.Minute, 5*time.Millisecond)
	s.kill()
	_ = tx.Rollback(t.Context())
	_ = beside.close(t.Context())

	s = serve(t, dir)
	require.Equal(t, client.Summary{Total: total, Created: new(total)}, s.finished(s.client(token), operation))
	beside, err = attachStores(t.Context(), &Config{DataDir: dir}, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, beside.close(t.Context())) }()
	var attempts, rescued int
	require.NoError(t, beside.pool.QueryRow(t.Context(), `SELECT max(attempt), count(*) FILTER (WHERE metadata ? 'river:rescue_count')
		FROM ops.river_job WHERE kind = 'operation'`).Scan(&attempts, &rescued))
	require.Equal(t, 2, attempts, "the kill hit no chunk")
	require.Zero(t, rescued, "the queue had to notice the death")
}
