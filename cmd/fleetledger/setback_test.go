package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
)

// sql changes the database under the running service.
func (s *service) sql(statements string) {
	s.t.Helper()
	url, err := private.ConnString(s.dir)
	require.NoError(s.t, err)
	conn, err := pgx.Connect(s.t.Context(), url)
	require.NoError(s.t, err)
	defer func() { _ = conn.Close(s.t.Context()) }()
	_, err = conn.Exec(s.t.Context(), statements)
	require.NoError(s.t, err)
}

// endsSetBack expects that the service ends by itself and says why.
func (s *service) endsSetBack() {
	s.t.Helper()
	require.Error(s.t, s.cmd.Wait())
	require.Equal(s.t, 1, s.cmd.ProcessState.ExitCode())
	require.Regexp(s.t, `(?m)^fleetledger: eventnode: the database was set back or replaced while the service ran.*\n$`, s.log.String())
}

func (s *service) probe(path string) (status int, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	return answer.StatusCode, string(text)
}

// accounts are the names in the operator's list, once it answers.
func (s *service) accounts() (names []string) {
	s.t.Helper()
	for range 20 {
		answer, err := s.operator.ListAccounts(s.t.Context(), nil) // waits up to 5 s for what was written
		if err != nil {
			continue
		}
		for _, a := range answer.JSON200.Items {
			names = append(names, a.Name)
		}
		return names
	}
	s.t.Fatal("the list of accounts does not answer")
	return nil
}

func (s *service) opens(name string) (uid uuid.UUID, position string) {
	s.t.Helper()
	made := when(s.operator.CreateAccount(s.t.Context(), nil, client.NewAccount{
		Name: name, Type: client.Reseller, Administrator: administratorOf(name),
	})).Then(s.t)
	return made.JSON201.Uid, made.Header.Get("X-Position")
}

// TestLogOlderThanItsModels: the log is set back to an older copy, the read models and
// all else are not. The service says so and what to do; then nothing of the lost future
// is shown, and nothing of the new one is missing.
func TestLogOlderThanItsModels(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir)
	s.opens("Northwind")
	require.Equal(t, []string{"Northwind"}, s.accounts())
	s.sql(`CREATE TABLE older AS TABLE eventnode.events`)
	_, lost := s.opens("Lost")
	require.Equal(t, []string{"Lost", "Northwind"}, s.accounts())
	s.sql(`TRUNCATE eventnode.events; INSERT INTO eventnode.events TABLE older; DROP TABLE older`)
	s.endsSetBack()

	s = serve(t, dir)
	status, body := s.probe("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.Contains(t, body, "the log was set back")
	require.Contains(t, body, "fleetledger projections rebuild")
	status, body = s.probe("/v1/projections")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"state":"refused"`)
	require.Contains(t, body, "the log was set back")
	status, body = s.probe("/v1/accounts?minPosition=0")
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	status, body = s.probe("/v1/accounts?minPosition=" + lost)
	require.Equal(t, http.StatusGone, status, body)
	require.Contains(t, body, "log_restored")
	shown, err := program(t.Context(), "projections", "status", "--data-dir", dir).CombinedOutput()
	require.NoError(t, err, "%s", shown)
	require.Regexp(t, `(?m)^fleet .* refused .*projections rebuild`, string(shown))
	require.Regexp(t, `(?m)^mailings_3 .* refused .*projections rebuild`, string(shown))
	s.opens("New") // writes decide by the log alone
	s.opens("Newer")

	rebuilt, err := program(t.Context(), "projections", "rebuild", "--data-dir", dir).CombinedOutput()
	require.NoError(t, err, "%s", rebuilt)
	require.Contains(t, string(rebuilt), "the log was set back; its new epoch is")
	require.Equal(t, []string{"New", "Newer", "Northwind"}, s.accounts())
	s.stop()
	s = serve(t, dir)
	s.ready()
	require.Equal(t, []string{"New", "Newer", "Northwind"}, s.accounts())
	status, body = s.probe("/v1/accounts?minPosition=" + lost)
	require.Equal(t, http.StatusGone, status, body)
	for _, name := range []string{"Northwind", "New", "Newer"} {
		require.Eventually(t, func() bool { return mailsTo(t, dir, administratorOf(name).Email) > 0 }, 30*time.Second, 50*time.Millisecond, "mails to %s", name)
		require.Equal(t, 1, mailsTo(t, dir, administratorOf(name).Email), "mails to %s", name)
	}
	s.stop()
}

// mailsTo counts the mails in the outbox to an address.
func mailsTo(t *testing.T, dir, email string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "outbox", "*.eml"))
	require.NoError(t, err)
	for _, name := range files {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.Contains(string(content), "<"+email+">") {
			n++
		}
	}
	return n
}

// TestRestoreUnderTheRunningService: pg_restore --clean. The service ends, and what it
// had given out since the dump is refused afterwards.
func TestRestoreUnderTheRunningService(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir)
	s.opens("Northwind")
	require.Equal(t, []string{"Northwind"}, s.accounts())
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	dump := filepath.Join(t.TempDir(), "dump")
	run := func(name string, args ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	run("pg_dump", "-Fc", "-f", dump, url)
	uid, lost := s.opens("Lost")
	tag := when(s.operator.GetAccount(t.Context(), uid, nil)).Then(t).Header.Get("ETag")
	run("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", url, dump)
	s.endsSetBack()

	s = serve(t, dir)
	s.ready()
	require.Equal(t, []string{"Northwind"}, s.accounts())
	status, body := s.probe("/v1/accounts?minPosition=" + lost)
	require.Equal(t, http.StatusGone, status, body)
	again, _ := s.opens("Lost")
	when(s.operator.EditAccount(t.Context(), again, &client.EditAccountParams{IfMatch: &tag}, client.EditAccountJSONRequestBody{Name: new("Overwritten")})).
		Refused(t, 412, "revision_mismatch")
	require.Equal(t, []string{"Lost", "Northwind"}, s.accounts())
	s.stop()
}
