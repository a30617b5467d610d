package mails_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/ports"
)

// Instances on one database count together: however many ask at once, as many mails go
// through as are allowed.
func TestMailsAreCountedTogether(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	instances := []*mails.Counts{mails.NewCounts(pool), mails.NewCounts(pool)}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	bo, account := ports.MailLimit{Kind: "recipient", Subject: []byte("bo"), Most: 7}, ports.MailLimit{Kind: "account", Subject: []byte("an account"), Most: 10}
	count := func(i int, id uuid.UUID, at time.Time, look bool, of ...ports.MailLimit) (time.Duration, string) {
		wait, full, err := instances[i%2].CountMail(t.Context(), ports.CountedMail{ID: id, At: at, Window: time.Hour, Of: of, Look: look})
		assert.NoError(t, err)
		return wait, full.Kind
	}
	var let atomic.Int32
	var working sync.WaitGroup
	for i := range 20 {
		working.Go(func() {
			limits := []ports.MailLimit{bo, account}
			if i%4 > 1 {
				limits = []ports.MailLimit{account, bo}
			}
			if wait, _ := count(i, uuid.New(), noon, false, limits...); wait == 0 {
				let.Add(1)
			}
		})
	}
	working.Wait()
	require.EqualValues(t, 7, let.Load())
	id := uuid.New()
	for range 2 { // the same mail again
		wait, _ := count(0, id, noon.Add(time.Minute), false, account)
		require.Zero(t, wait)
	}
	for range 3 { // only looked at
		wait, _ := count(1, uuid.New(), noon.Add(time.Minute), true, account)
		require.Zero(t, wait)
	}
	for range 2 {
		wait, _ := count(1, uuid.New(), noon.Add(2*time.Minute), false, account)
		require.Zero(t, wait)
	}
	wait, full := count(0, uuid.New(), noon.Add(3*time.Minute), false, account)
	require.Equal(t, 57*time.Minute, wait)
	require.Equal(t, "account", full)
	wait, _ = count(0, uuid.New(), noon.Add(time.Hour), false, bo, account)
	require.Zero(t, wait)
	wait, _ = count(0, uuid.New(), noon.Add(-3*time.Hour), false, bo, account)
	require.Zero(t, wait, "a clock that was ahead holds nobody up")

	removed, err := instances[0].RemoveOld(t.Context(), noon.Add(time.Second), 1000)
	require.NoError(t, err)
	require.EqualValues(t, 7+7+2, removed)
}
