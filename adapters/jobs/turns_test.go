package jobs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/ports"
)

// However many operations an account has under way, another's first is carried out next,
// and those of the first go on in the end.
func TestAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	i := newInstance(t, pgtest.Pool(t), 1)
	noisy, quiet := uuid.New(), uuid.New()
	submit := func(account uuid.UUID, items int) uuid.UUID {
		t.Helper()
		op := ports.Operation{ID: uuid.New(), Kind: ports.OperationRenewal, Account: account, State: ports.OperationQueued, Total: items, CreatedAt: noon}
		all := make([][]byte, items)
		for n := range all {
			all[n] = fmt.Append(nil, n)
		}
		require.NoError(t, i.CreateOperation(t.Context(), op, []byte(`{}`), all))
		return op.ID
	}
	const many, chunks = 10, 20
	for range many {
		submit(noisy, chunks)
	}
	var mu sync.Mutex
	var order []uuid.UUID
	late := make(chan struct{})
	i.before = func(_ context.Context, op ports.Operation) error {
		mu.Lock()
		defer mu.Unlock()
		if order = append(order, op.Account); len(order) == 15 {
			close(late)
		}
		return nil
	}
	require.NoError(t, i.jobs.Start(t.Context(), runs(i), i))
	<-late
	id := submit(quiet, 3)
	for n := 0; ; n++ {
		op, err := i.Operation(t.Context(), id)
		require.NoError(t, err)
		if op.Finished() {
			break
		}
		<-i.chunks
	}
	mu.Lock()
	first, last := -1, 0
	for n, account := range order {
		switch {
		case account == quiet && first < 0:
			first, last = n, n
		case account == quiet:
			last = n
		}
	}
	mu.Unlock()
	t.Logf("chunk %d to %d of all", first, last)
	require.LessOrEqual(t, last-first-2, 4, "each of its chunks was next")
	for range many*chunks + 3 {
		mu.Lock()
		done := len(order) == many*chunks+3
		mu.Unlock()
		if done {
			break
		}
		<-i.chunks
	}
	require.NoError(t, i.jobs.Stop(t.Context()))
}
