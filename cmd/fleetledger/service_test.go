package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tests run the real program: the test binary is started again as
// fleetledger, so that it can be killed like one.
const asProgram = "FLEETLEDGER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program prepares a command line of fleetledger.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// service is a running `fleetledger serve`.
type service struct {
	t        *testing.T
	dir      string
	url      string
	operator string
	cmd      *exec.Cmd
	log      bytes.Buffer // whole once the service has ended
	lines    []string     // printed up to "listening on"
}

// serve starts a service on the folder and waits until it listens.
func serve(t *testing.T, dir string, args ...string) *service {
	t.Helper()
	cmd := program(context.Background(), append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dir}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	s := &service{t: t, dir: dir, cmd: cmd}
	cmd.Stderr = &s.log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil { // its PostgreSQL has to be gone before the folder
			s.stop()
		}
		if t.Failed() {
			t.Logf("log of the service:\n%s", s.log.String())
		}
	})
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		s.lines = append(s.lines, lines.Text())
		if url, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			s.url = url
		}
	}
	require.NotEmpty(t, s.url, "the service ended: %s", s.lines)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	token, err := os.ReadFile(filepath.Join(dir, "operator-token"))
	require.NoError(t, err)
	s.operator = strings.TrimSpace(string(token))
	return s
}

// kill ends the service as a power cut would.
func (s *service) kill() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Kill())
	_ = s.cmd.Wait()
}

// stop asks for the end and expects a clean one within ten seconds.
func (s *service) stop() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case err := <-ended:
		require.NoError(s.t, err)
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		s.t.Error("still running ten seconds after SIGTERM")
	}
}

// answer is what a request was answered with.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// read fills v from the JSON body.
func (a answer) read(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, v), "%d %s", a.status, a.body)
}

// try sends a request; body is JSON unless a header says otherwise.
func (s *service) try(method, path, token string, body any, headers ...string) (answer, error) {
	var payload []byte
	switch b := body.(type) {
	case nil:
	case string:
		payload = []byte(b)
	default:
		var err error
		if payload, err = json.Marshal(b); err != nil {
			return answer{}, err
		}
	}
	request, err := http.NewRequestWithContext(context.Background(), method, s.url+path, bytes.NewReader(payload))
	if err != nil {
		return answer{}, err
	}
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, text}, err
}

// do is try that has to give the wanted status.
func (s *service) do(want int, method, path, token string, body any, headers ...string) answer {
	s.t.Helper()
	a, err := s.try(method, path, token, body, headers...)
	require.NoError(s.t, err)
	require.Equal(s.t, want, a.status, "%s %s: %s", method, path, a.body)
	return a
}

// created is the uid of what a request creates.
func (s *service) created(path, token string, body any) string {
	s.t.Helper()
	var made struct{ UID string }
	s.do(http.StatusCreated, http.MethodPost, path, token, body).read(s.t, &made)
	return made.UID
}

// reseller creates a reseller and gives a token of its administrator, made
// by the command line beside the running service.
func (s *service) reseller(name string) (uid, token string) {
	s.t.Helper()
	uid = s.created("/v1/accounts", s.operator, map[string]any{
		"name": name, "type": "reseller",
		"administrator": map[string]string{"email": "admin@" + strings.ReplaceAll(strings.ToLower(name), " ", "-") + ".example"},
	})
	out, err := program(s.t.Context(), "token", "create", "--account", uid, "--administrator", "--data-dir", s.dir).Output()
	require.NoError(s.t, err)
	return uid, strings.TrimSpace(string(out))
}

// customer creates a customer of a reseller.
func (s *service) customer(token, name string, offers ...string) string {
	s.t.Helper()
	return s.created("/v1/customers", token, map[string]any{
		"name": name, "offers": offers,
		"administrator": map[string]string{"email": "admin@" + strings.ReplaceAll(strings.ToLower(name), " ", "-") + ".example"},
	})
}
