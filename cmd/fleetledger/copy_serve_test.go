package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
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

// get is what a page of the API says, without what is of one store or start: positions,
// when it took an event, and the service's address.
func (s *service) get(token, path string) any {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, answer.StatusCode, "%s: %s", path, text)
	var page any
	require.NoError(s.t, json.Unmarshal(text, &page))
	leaveOut(page, "position", "recordedAt", "source", "dataschema") // the last two begin with the address
	return page
}

func leaveOut(value any, names ...string) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range names {
			delete(v, name)
		}
		for _, inner := range v {
			leaveOut(inner, names...)
		}
	case []any:
		for _, inner := range v {
			leaveOut(inner, names...)
		}
	}
}

// root is the size and the root of a checkpoint that the service gives.
func (s *service) root() []string {
	s.t.Helper()
	var lines []string
	require.Eventually(s.t, func() bool {
		status, text := s.probe("/v1/audit/checkpoint")
		lines = strings.Split(text, "\n")
		return status == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond)
	return lines[1:3]
}

// dayBegun waits until the service has marked the day in the log, which it does by itself
// some time after its start.
func (s *service) dayBegun() {
	s.t.Helper()
	url, err := private.ConnString(s.dir)
	require.NoError(s.t, err)
	conn, err := pgx.Connect(s.t.Context(), url)
	require.NoError(s.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(s.t.Context())) }()
	require.Eventually(s.t, func() bool {
		var begun bool
		err := conn.QueryRow(s.t.Context(), `SELECT EXISTS (SELECT FROM eventnode.events WHERE stream = $1)`, eventlog.DaysStream).Scan(&begun)
		return err == nil && begun
	}, 30*time.Second, 20*time.Millisecond)
}

// wholeRoot is the root of a checkpoint of all that is in the log, when the service has
// marked the day.
func (s *service) wholeRoot() (root []string) {
	s.t.Helper()
	s.dayBegun()
	url, err := private.ConnString(s.dir)
	require.NoError(s.t, err)
	conn, err := pgx.Connect(s.t.Context(), url)
	require.NoError(s.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(s.t.Context())) }()
	require.Eventually(s.t, func() bool {
		var size string
		err := conn.QueryRow(s.t.Context(), `SELECT count(*)::text FROM eventnode.events WHERE stream <> $1`, eventlog.IdentityStream).Scan(&size)
		status, text := s.probe("/v1/audit/checkpoint")
		lines := strings.Split(text, "\n")
		if err != nil || status != http.StatusOK || lines[1] != size {
			return false
		}
		root = lines[1:3]
		return true
	}, 30*time.Second, 50*time.Millisecond)
	return root
}

// moving is a service whose log moves to another store.
type moving struct {
	*service
	to              copyTarget
	reseller, north uuid.UUID
	token           string   // of the reseller
	position, tag   string   // that the log before gave out, of the account north
	root            []string // of the log before
	checkpoint      string   // file
	pages           map[string]any
}

const movedSerial = "LD72997819284879"

var (
	movedPages = []string{"/v1/customers", "/v1/devices", "/v1/devices/" + movedSerial, "/v1/devices/" + movedSerial + "/history", "/v1/events"}
	moveRepeat = &client.EditAccountParams{IdempotencyKey: new("once")}
	moveEdit   = client.AccountEdit{Name: new("Summit")}
)

// givenALogToMove is stopped at the end. Its log was copied before its last events.
func givenALogToMove(t *testing.T) *moving {
	t.Helper()
	m := &moving{service: serve(t, t.TempDir()), to: newTarget(t), pages: map[string]any{}}
	m.reseller, m.token = m.service.reseller("Summit Wireless")
	desk := m.client(m.token)
	customer := m.customer(desk, "Prairie Fire", "complete")
	m.registers(desk, customer, client.Registration{SerialNumber: movedSerial, Mac: new("020000000001"), Model: new("MP70")})
	m.north, m.position = m.opens("Northwind")
	out, err := copies(t, m.dir, m.to.url)
	require.NoError(t, err, out)

	m.registers(desk, customer, client.Registration{SerialNumber: "LD72997819284880", Mac: new("020000000002"), Model: new("MP70")})
	when(m.operator.EditAccount(t.Context(), m.reseller, moveRepeat, moveEdit)).Then(t)
	require.Eventually(t, func() bool { return mailsTo(t, m.dir, "admin@northwind.example") > 0 }, 30*time.Second, 50*time.Millisecond)
	for _, path := range movedPages {
		m.pages[path] = m.get(m.token, path)
	}
	edited := when(m.operator.EditAccount(t.Context(), m.north, nil, client.AccountEdit{Name: new("North")})).Then(t)
	m.tag = edited.Header.Get("ETag")
	m.root = m.wholeRoot()
	_, signed := m.probe("/v1/audit/checkpoint")
	m.checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	require.NoError(t, os.WriteFile(m.checkpoint, []byte(signed), 0o600))
	m.runsThere("stop all instances first", "projections", "rebuild")
	m.stop()
	return m
}

// runsThere carries out a command on the copy; it is refused with what is wrong, unless
// that is empty.
func (m *moving) runsThere(wrong string, args ...string) {
	m.t.Helper()
	out, err := program(m.t.Context(), append(args, "--data-dir", m.dir, "--eventstore-url", m.to.url)...).CombinedOutput()
	if wrong == "" {
		require.NoError(m.t, err, "%s", out)
		return
	}
	require.Error(m.t, err)
	require.Contains(m.t, string(out), wrong)
}

// TestServesFromACopy: outgrowing one machine, as the guide tells it. The pages are the
// same from the copy, each mail is sent once, and what the log before gave out is refused.
func TestServesFromACopy(t *testing.T) {
	t.Parallel()
	long(t)
	m := givenALogToMove(t)
	m.runsThere("belongs to another log", "serve", "--addr", "127.0.0.1:0")
	m.runsThere("run `fleetledger log copy`", "projections", "rebuild") // nothing is lost by mistake

	out, err := copies(t, m.dir, m.to.url)
	require.NoError(t, err, out)
	for _, log := range []string{"this log:", "the target:"} {
		require.Regexp(t, log+` +`+m.root[0]+` events, root `+regexp.QuoteMeta(m.root[1])+"\n", out)
	}
	require.Equal(t, keptIn(t, m.dir), m.to.kept())
	m.runsThere("", "projections", "rebuild")
	out, err = goBack(t, m.dir) // and forth, as nothing was written
	require.NoError(t, err, out)
	m.runsThere("", "projections", "rebuild")
	m.runsThere("", "projections", "rebuild") // does no harm

	m.service = serve(t, m.dir, "--eventstore-url", m.to.url)
	m.ready()
	for _, path := range movedPages {
		require.Equal(t, m.pages[path], m.get(m.token, path), path)
	}
	m.readersGoOn()
	require.Equal(t, m.root, m.service.root())
	m.runsThere("", "audit", "consistency", m.checkpoint)
	m.refusesWhatTheLogBeforeGaveOut()
	m.goesOn()
	m.stop()
	out, err = goBack(t, m.dir)
	require.Error(t, err)
	require.Contains(t, out, "this log is no whole copy of the one that was followed before")
	out, err = copies(t, m.dir, m.to.url) // the copy has gone on by itself
	require.Error(t, err)
	require.Contains(t, out, "the target is not a copy of this log: it has one too many")
	require.Contains(t, out, "nothing was written")
}

// readersGoOn: behind each event that was read from the log before, a reader of the feed
// is given exactly the rest.
func (m *moving) readersGoOn() {
	m.t.Helper()
	read := m.pages["/v1/events"].([]any)
	require.NotEmpty(m.t, read)
	for i, event := range read {
		rest := m.get(m.token, "/v1/events?lastEventId="+event.(map[string]any)["id"].(string))
		require.Equal(m.t, append([]any{}, read[i+1:]...), rest)
	}
}

// refusesWhatTheLogBeforeGaveOut, with its epoch or without one.
func (m *moving) refusesWhatTheLogBeforeGaveOut() {
	m.t.Helper()
	withoutEpoch := func(s string) string { return s[strings.Index(s, "-")+1:] }
	for _, p := range []string{m.position, withoutEpoch(m.position)} {
		status, body := m.probe("/v1/accounts?minPosition=" + p)
		require.Equal(m.t, http.StatusGone, status, body)
		require.Contains(m.t, body, "log_restored")
	}
	for _, tag := range []string{m.tag, `"` + withoutEpoch(m.tag)} {
		when(m.operator.EditAccount(m.t.Context(), m.north, &client.EditAccountParams{IfMatch: &tag}, client.AccountEdit{Name: new("Overwritten")})).
			Refused(m.t, 412, "revision_mismatch")
	}
	again := when(m.operator.EditAccount(m.t.Context(), m.reseller, moveRepeat, moveEdit)).Then(m.t)
	require.Empty(m.t, again.Header.Get("Idempotent-Replayed"))
	require.NotEqual(m.t, m.position[:8], again.Header.Get("X-Position")[:8])
}

// goesOn: what is written shows, and everybody has one mail.
func (m *moving) goesOn() {
	m.t.Helper()
	m.opens("Later")
	require.Equal(m.t, []string{"Later", "North", "Prairie Fire", "Summit"}, m.accounts())
	names := []string{"Summit Wireless", "Prairie Fire", "Northwind", "Later"}
	for _, name := range names {
		require.Eventually(m.t, func() bool { return mailsTo(m.t, m.dir, administratorOf(name).Email) > 0 }, 30*time.Second, 50*time.Millisecond, name)
	}
	for _, name := range names {
		require.Equal(m.t, 1, mailsTo(m.t, m.dir, administratorOf(name).Email), name)
	}
}

// goBack goes back to the log of the data folder.
func goBack(t *testing.T, dir string) (string, error) {
	t.Helper()
	out, err := program(t.Context(), "projections", "rebuild", "--data-dir", dir).CombinedOutput()
	return string(out), err
}
