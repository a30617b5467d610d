package securitylog_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/postgres/securitylog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

type fixed struct{ at time.Time }

func (f *fixed) Now() time.Time { return f.at }

func newLog(t *testing.T) (*securitylog.Log, *fixed, *strings.Builder) {
	t.Helper()
	var lines strings.Builder
	now := &fixed{time.Date(2026, 3, 15, 12, 0, 5, 0, time.UTC)}
	l, err := securitylog.New(securitylog.Options{
		Pool: pgtest.Pool(t), Clock: now, Logger: slog.New(slog.NewTextHandler(&lines, nil)), Metrics: prometheus.NewRegistry(), Keep: 24 * time.Hour,
	})
	require.NoError(t, err)
	return l, now, &lines
}

func all(t *testing.T, l *securitylog.Log) []ports.SecurityEntry {
	t.Helper()
	page, err := l.Entries(t.Context(), ports.SecurityQuery{Page: query.Page{Limit: 2000, Sort: []string{"at"}}})
	require.NoError(t, err)
	require.Equal(t, len(page.Items), page.Total)
	return page.Items
}

func TestTheSameWithinAMinuteIsCounted(t *testing.T) {
	t.Parallel()
	l, now, lines := newLog(t)
	e := ports.SecurityEntry{Kind: ports.SecuritySignInFailed, User: uuid.New(), From: netip.MustParseAddr("192.0.2.1"), Why: "sign_in_failed"}
	for range 1000 {
		l.Note(t.Context(), e)
	}
	require.NoError(t, l.Flush(t.Context()))
	require.Equal(t, 1, strings.Count(lines.String(), "\n"), "one line, too")
	now.at = now.at.Add(30 * time.Second)
	l.Note(t.Context(), e)
	now.at = now.at.Add(30 * time.Second)
	l.Note(t.Context(), e)
	found := all(t, l)
	require.Len(t, found, 2)
	require.Equal(t, []int{1001, 1}, []int{found[0].Times, found[1].Times})
	require.Equal(t, 30*time.Second, found[0].LastAt.Sub(found[0].At))
	require.Equal(t, e.From, found[0].From)
}

// Whoever has many addresses does not fill memory or table: what there is no room for is
// counted by its kind.
func TestAFloodIsCounted(t *testing.T) {
	t.Parallel()
	l, _, _ := newLog(t)
	for n := range 5000 {
		l.Note(t.Context(), ports.SecurityEntry{Kind: ports.SecuritySignInFailed, Why: fmt.Sprint(n)})
	}
	found := all(t, l)
	require.Len(t, found, 1001)
	for _, e := range found {
		if e.Kind == ports.SecurityUntold {
			require.Equal(t, 4000, e.Times)
			require.Equal(t, string(ports.SecuritySignInFailed), e.Why)
		}
	}
}

func TestEntriesOfEventsAreThereOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	l, now, _ := newLog(t)
	e := ports.SecurityEntry{ID: uuid.New(), Kind: ports.SecurityPasswordChanged, At: now.at, Account: uuid.New(), Actor: domain.Actor{Kind: domain.ActorSystem, ID: "x"}}
	old := e
	old.ID, old.At = uuid.New(), now.at.Add(-25*time.Hour)
	for range 2 {
		require.NoError(t, l.Record(t.Context(), []ports.SecurityEntry{e, old}))
	}
	found := all(t, l)
	require.Len(t, found, 1)
	require.Equal(t, 1, found[0].Times)
	now.at = now.at.Add(25 * time.Hour)
	removed, err := l.RemoveOld(t.Context(), 10)
	require.NoError(t, err)
	require.EqualValues(t, 1, removed)
	require.Empty(t, all(t, l))
}

// While the database does not answer nothing is lost, and nobody waits.
func TestNotesWaitForTheDatabase(t *testing.T) {
	t.Parallel()
	l, _, _ := newLog(t)
	_, err := l.Pool.Exec(t.Context(), `ALTER TABLE ops.security_log RENAME TO security_log_away`)
	require.NoError(t, err)
	e := ports.SecurityEntry{Kind: ports.SecuritySignedIn, Why: "password"}
	l.Note(t.Context(), e)
	require.Error(t, l.Flush(t.Context()))
	l.Note(t.Context(), e)
	_, err = l.Pool.Exec(t.Context(), `ALTER TABLE ops.security_log_away RENAME TO security_log`)
	require.NoError(t, err)
	require.Equal(t, 2, all(t, l)[0].Times)
}

// Whoever is erased leaves an id that nobody can tell whose it was, and no address.
func TestErasureForgetsAddresses(t *testing.T) {
	t.Parallel()
	l, _, _ := newLog(t)
	ada, bo := uuid.New(), uuid.New()
	for _, uid := range []uuid.UUID{ada, bo} {
		l.Note(t.Context(), ports.SecurityEntry{Kind: ports.SecuritySignedIn, User: uid, From: netip.MustParseAddr("2001:db8::1")})
	}
	l.Note(t.Context(), ports.SecurityEntry{
		Kind: ports.SecurityTokenEnded, Actor: domain.Actor{Kind: domain.ActorUser, ID: ada.String()}, From: netip.MustParseAddr("2001:db8::1"),
	})
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, people.NewStore(l.Pool).Forget(t.Context(), ada))
	for _, e := range all(t, l) {
		require.Equal(t, e.User == bo, e.From.IsValid())
	}
}

func BenchmarkNote(b *testing.B) {
	l, err := securitylog.New(securitylog.Options{Clock: &fixed{time.Now()}, Metrics: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	e := ports.SecurityEntry{Kind: ports.SecuritySignInFailed, User: uuid.New(), From: netip.MustParseAddr("192.0.2.1"), Why: "sign_in_failed"}
	for b.Loop() {
		l.Note(b.Context(), e)
	}
}
