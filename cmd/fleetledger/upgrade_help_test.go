package main

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// object is a JSON object as it was answered.
type object = map[string]any

// list is a page of a list as it was answered.
type list struct {
	Items []object `json:"items"`
}

// answers is what a version before answered on the data of a fixture, by its
// answers.json.
type answers struct {
	Accounts, Users list
	Histories       map[string][]string // types of events by serial number
	Moments         []moment
	Outbox          []string             // its files
	Sessions        map[string]string    // tokens, by whose
	UIDs            map[string]uuid.UUID // of accounts
	Renewals        map[string]uuid.UUID // by order number
	Operation       uuid.UUID            // was being carried out
	Release         uuid.UUID            // asked for
	Slots           object               // of the reseller
}

// moment is what the pages showed at an instant, before anything else happened.
type moment struct {
	At                 time.Time
	Customers, Devices list
}

// restored makes a data folder of a fixture, as from a backup. Its time is shortly
// after its last moment.
func restored(t *testing.T, fixture string) (dir string, was answers) {
	t.Helper()
	from := filepath.Join("testdata", "upgrade", fixture)
	file := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		return content
	}
	require.NoError(t, json.Unmarshal(file("answers.json"), &was))
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "person-key"), file("person-key"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "operator-token"), []byte(was.Sessions["operator"]), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "outbox"), 0o700))
	for _, mail := range was.Outbox {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "outbox", mail), nil, 0o600))
	}

	dump, err := os.Open(filepath.Join(from, "dump.sql.gz"))
	require.NoError(t, err)
	defer func() { _ = dump.Close() }()
	plain, err := gzip.NewReader(dump)
	require.NoError(t, err)
	sql, err := io.ReadAll(plain)
	require.NoError(t, err)
	onStopped(t, dir, func(conn *pgx.Conn) {
		_, err := conn.PgConn().Exec(t.Context(), string(sql)).ReadAll()
		require.NoError(t, err)
		last := was.Moments[len(was.Moments)-1].At
		_, err = conn.Exec(t.Context(), `UPDATE ops.settings SET value = to_jsonb($1::bigint) WHERE key = 'sandbox-clock'`,
			time.Until(last.Add(time.Hour)).Nanoseconds())
		require.NoError(t, err)
	})
	return dir, was
}

// onStopped changes the database of a folder on which no service runs.
func onStopped(t *testing.T, dir string, do func(*pgx.Conn)) {
	t.Helper()
	server, err := private.Start(t.Context(), private.Options{DataDir: dir, Logger: quiet()})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Stop(t.Context())) }()
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	do(conn)
}

// upgraded starts the service on a folder of a version before, and waits until its
// lists answer and it has done what was due.
func upgraded(t *testing.T, dir string) *service {
	t.Helper()
	s := serve(t, dir, "--sandbox", "--session-idle", "0")
	s.ready()
	require.Eventually(t, func() bool {
		_, err := s.operator.ListAccounts(t.Context(), nil)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	now := when(s.operator.GetSandboxClock(t.Context())).Then(t).JSON200.Now
	soon := now.Add(time.Second).Format(time.RFC3339Nano)
	when(s.operator.MoveSandboxClock(t.Context(), nil, client.ClockRequest{Now: &soon})).Then(t)
	return s
}

// settled waits until whatever follows the log has handled all of it, and gives the
// log's end.
func (s *service) settled() int64 {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return !slices.ContainsFunc(when(s.operator.ListProjections(s.t.Context(), nil)).Then(s.t).JSON200.Items, func(one client.Projection) bool {
			return one.LagEvents != 0 // less than that: they could not be counted
		})
	}, 2*time.Minute, 20*time.Millisecond, "what follows the log is behind")
	return s.logEnd()
}

// logEnd is the position of the last event that is no mark of a day: those come by
// themselves.
func (s *service) logEnd() (end int64) {
	s.t.Helper()
	url, err := private.ConnString(s.dir)
	require.NoError(s.t, err)
	conn, err := pgx.Connect(s.t.Context(), url)
	require.NoError(s.t, err)
	defer func() { _ = conn.Close(s.t.Context()) }()
	require.NoError(s.t, conn.QueryRow(s.t.Context(), `SELECT max(position) FROM eventnode.events WHERE stream <> $1`, eventlog.DaysStream).Scan(&end))
	return end
}

// newMails are the names of those that are no mails of before.
func (s *service) newMails() (names []string) {
	s.t.Helper()
	files, err := os.ReadDir(filepath.Join(s.dir, "outbox"))
	require.NoError(s.t, err)
	for _, file := range files {
		info, err := file.Info()
		require.NoError(s.t, err)
		if info.Size() > 0 && strings.HasSuffix(file.Name(), ".eml") {
			names = append(names, file.Name())
		}
	}
	return names
}

// items are those of a list that was answered.
func items(t *testing.T, body []byte) []object {
	t.Helper()
	var page list
	require.NoError(t, json.Unmarshal(body, &page))
	return page.Items
}

// requireKept expects that everything a version before told of some items is told
// of them still, besides the given fields. What is told in addition is not looked at.
func requireKept(t *testing.T, before, now []object, except ...string) {
	t.Helper()
	require.Len(t, now, len(before))
	for i, was := range before {
		kept := object{}
		maps.Copy(kept, was)
		for _, field := range except {
			delete(kept, field)
		}
		is := object{}
		for field := range kept {
			is[field] = now[i][field]
		}
		require.Equal(t, kept, is)
	}
}

// events are the events after a position, told by type and stream.
func (s *service) events(after int64) (told []string) {
	s.t.Helper()
	rows, err := database(s.t, s.dir).Query(s.t.Context(), `SELECT type || ' of ' || stream || ': ' || convert_from(data, 'UTF8') FROM eventnode.events WHERE position > $1 ORDER BY position`, after)
	require.NoError(s.t, err)
	told, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	return told
}
