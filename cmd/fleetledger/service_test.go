package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
)

// The tests run the real program: the test binary is started again as
// fleetledger, so that it can be killed like one.
const asProgram = "TEST_AS_FLEETLEDGER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	// They wait for other processes most of the time: more of them run at once than by
	// default, unless it is said how many.
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
	code := m.Run()
	_ = os.RemoveAll(emptyCluster.dir)
	os.Exit(code)
}

// long leaves a test out with -short: with the race detector it takes long, and much of
// what it calls is called by others, too.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short")
	}
}

// program prepares a command line of fleetledger.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(plainEnv(), asProgram+"=1")
	return cmd
}

// plainEnv is the environment without what is for the tests.
func plainEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, variablePrefix) || strings.HasPrefix(entry, "OTEL_")
	})
}

// service is a running `fleetledger serve`.
type service struct {
	t        *testing.T
	dir      string
	url      string
	token    string         // the operator's
	operator *client.Client // calls with it
	cmd      *exec.Cmd
	log      bytes.Buffer // whole once the service has ended
	lines    []string     // printed up to "listening on"
}

// serve starts a service on the folder, which gets a cluster if it is empty, and waits
// until it listens.
func serve(t *testing.T, dir string, args ...string) *service {
	t.Helper()
	if !slices.Contains(args, "--database-url") {
		withCluster(t, dir)
	}
	return serveFromNothing(t, dir, args...)
}

// serveFromNothing starts a service on the folder as it is.
func serveFromNothing(t *testing.T, dir string, args ...string) *service {
	t.Helper()
	return begin(t, dir, program(context.Background(), append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dir}, args...)...))
}

// begin starts a program that serves the folder, and waits until it listens.
func begin(t *testing.T, dir string, cmd *exec.Cmd) *service {
	t.Helper()
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
	s.token = strings.TrimSpace(string(token))
	s.operator = s.client(s.token)
	return s
}

// printed is the rest of the line that the service printed and that begins so.
func (s *service) printed(begin string) string {
	s.t.Helper()
	i := slices.IndexFunc(s.lines, func(line string) bool { return strings.HasPrefix(line, begin) })
	require.GreaterOrEqual(s.t, i, 0, s.lines)
	return strings.TrimPrefix(s.lines[i], begin)
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

// client calls the service with a token; without one, as nobody.
func (s *service) client(token string, options ...client.ClientOption) *client.Client {
	s.t.Helper()
	c, err := client.New(s.url, token, options...)
	require.NoError(s.t, err)
	return c
}

func when[R any](answer R, err error) apitest.Outcome[R] { return apitest.When(answer, err) }

// ready expects that the service says it is.
func (s *service) ready() {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/readyz", http.NoBody)
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	require.Equal(s.t, http.StatusOK, answer.StatusCode)
}

// reseller creates a reseller and gives a token of its administrator, made
// by the command line beside the running service.
func (s *service) reseller(name string) (uid uuid.UUID, token string) {
	s.t.Helper()
	uid = when(s.operator.CreateAccount(s.t.Context(), nil, client.NewAccount{
		Name: name, Type: client.Reseller, Administrator: administratorOf(name),
	})).Then(s.t).JSON201.Uid
	out, err := program(s.t.Context(), "token", "create", "--account", uid.String(), "--administrator", "--data-dir", s.dir).Output()
	require.NoError(s.t, err)
	return uid, strings.TrimSpace(string(out))
}

// customer creates a customer of a reseller.
func (s *service) customer(reseller *client.Client, name string, offers ...client.Offer) uuid.UUID {
	s.t.Helper()
	return when(reseller.CreateCustomer(s.t.Context(), nil, client.NewCustomer{
		Name: name, Administrator: administratorOf(name), Offers: &offers,
	})).Then(s.t).JSON201.Uid
}

func administratorOf(company string) client.Administrator {
	words := strings.FieldsFunc(strings.ToLower(company), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return client.Administrator{Email: "admin@" + strings.Join(words, "-") + ".example"}
}

// registers registers one device in an account and expects that it succeeds.
func (s *service) registers(c *client.Client, account uuid.UUID, device client.Registration) {
	s.t.Helper()
	device.Account = new(account.String())
	done := when(c.RegisterDevices(s.t.Context(), nil, client.RegistrationRequest{Items: []client.Registration{device}})).Then(s.t)
	require.Equal(s.t, client.OutcomeCreated, done.JSON200.Results[0].Outcome, "%s", done.Body)
}
