package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// versionBefore is the last commit of the version before, beside which this one runs
// while instances are replaced one after the other. A change that an instance of
// before cannot bear (README, Upgrading) moves it, and the notes say: stop all first.
const versionBefore = "a7232d2a2424c922bd5ed9d689aec4a64890087a"

// builtBefore builds the program of the version before, from the history.
func builtBefore(t *testing.T) string {
	t.Helper()
	if os.Getenv("FLEETLEDGER_ROLLING") == "" {
		t.Skip("FLEETLEDGER_ROLLING=1 builds the program of the version before and runs it beside this one")
	}
	root := filepath.Join("..", "..")
	if err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e", versionBefore+"^{commit}").Run(); err != nil {
		t.Skipf("the version before is not in the history here: %v", err)
	}
	program := filepath.Join(os.TempDir(), "fleetledger-before-"+versionBefore) // is built once on a machine
	if _, err := os.Stat(program); err == nil {
		return program
	}
	dir := t.TempDir()
	built := filepath.Join(dir, "fleetledger")
	for _, step := range []string{
		fmt.Sprintf("git -C %q archive %s | tar -x -C %q", root, versionBefore, dir),
		fmt.Sprintf("cd %q && go build -o %q ./cmd/fleetledger && mv %q %q", dir, built, built, program),
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", step).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return program
}

// rolling is a set-up whose instances are being replaced.
type rolling struct {
	*cluster
	old                string // program
	reseller, customer uuid.UUID
	devices            int
}

// before starts an instance of the version before.
func (r *rolling) before() *service {
	r.t.Helper()
	cmd := exec.CommandContext(context.Background(), r.old, append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", r.dir}, r.args...)...)
	cmd.Env = plainEnv()
	return begin(r.t, r.dir, cmd)
}

// TestRollingUpgrade replaces an instance of the version before by one of this, and
// goes back once: at no time is there none, each reads at once what the other has
// written, and no read model stops.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	r := rolling{old: builtBefore(t), cluster: newCluster(t)}
	before := r.before()
	r.reseller = when(before.operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless"),
	})).Then(t).JSON201.Uid
	r.customer = when(before.operator.CreateCustomer(t.Context(), &client.CreateCustomerParams{XAccount: &r.reseller}, client.NewCustomer{
		Name: "Prairie Fire", Administrator: administratorOf("Prairie Fire"),
	})).Then(t).JSON201.Uid
	r.works(before, before)

	present := r.instance() // brings the database to its version beside the running one
	r.waitFor(present)      // and fills what is new of its read models
	r.together(before, present)
	r.foreign(before, present)
	before.kill()
	r.works(present, present)
	before = r.before() // and back
	r.together(before, present)
	present.stop()
	r.works(before, before)
	present = r.instance()
	before.stop()
	r.works(present, present)
	require.Equal(t, r.devices, when(present.operator.ListDevices(t.Context(), nil)).Then(t).JSON200.Total)
}

// together has two instances write in turn, while the other one reads.
func (r *rolling) together(a, b *service) {
	r.t.Helper()
	for range 3 {
		r.works(a, b)
		r.works(b, a)
	}
}

// foreign sends an instance of before what one of this version gave out, which it
// refuses: positions and tags carry the epoch of the log now.
func (r *rolling) foreign(before, present *service) {
	t, ctx := r.t, r.t.Context()
	t.Helper()
	const serial = "LD00000000000001"
	seen := when(present.client(present.token).GetDevice(ctx, serial, nil)).Then(t)
	when(before.operator.GetDevice(ctx, serial, &client.GetDeviceParams{MinPosition: new(seen.Header.Get("X-Position"))})).
		Refused(t, http.StatusBadRequest, "#/query/minPosition position_invalid")
	when(before.operator.EditDevice(ctx, serial, &client.EditDeviceParams{IfMatch: new(seen.Header.Get("ETag"))}, client.DeviceEdit{Name: new("x")})).
		Refused(t, http.StatusPreconditionFailed, "revision_mismatch")
}

// works has an instance register, rename, order, move and renew, another repeat and
// show it.
func (r *rolling) works(writer, reader *service) {
	t, ctx := r.t, r.t.Context()
	t.Helper()
	r.devices++
	serial := fmt.Sprintf("LD%014d", r.devices)
	writer.registers(writer.operator, r.reseller, client.Registration{SerialNumber: serial, Esn: new(fmt.Sprintf("%08X", r.devices))})
	moved := when(writer.operator.TransferDevices(ctx, nil, client.TransferRequest{From: &r.reseller, To: &r.customer, Devices: &[]string{serial}})).Then(t)
	require.Equal(t, client.OutcomeTransferred, moved.JSON201.Results[0].Outcome, "%s", moved.Body)
	renewed := when(writer.operator.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{serial}, Term: new("P1Y")})).Then(t)
	require.Equal(t, client.OutcomeRenewed, renewed.JSON200.Results[0].Outcome, "%s", renewed.Body)

	// The reader has no position to wait for: it is the same credential that wrote.
	reading := reader.client(reader.token)
	seen := when(reading.GetDevice(ctx, serial, nil)).Then(t).JSON200
	require.Equal(t, r.customer, seen.Account.Uid)
	require.Equal(t, r.devices, when(reading.ListDevices(ctx, nil)).Then(t).JSON200.Total)
	once := &client.EditDeviceParams{IdempotencyKey: new("rename-" + serial)}
	name := client.DeviceEdit{Name: new("engine of " + serial)}
	first := when(writer.operator.EditDevice(ctx, serial, once, name)).Then(t)
	again := when(reader.operator.EditDevice(ctx, serial, once, name)).Then(t)
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.Equal(t, first.JSON200.Revision, again.JSON200.Revision)
	reader.operator.After("") // the answer's position was the writer's to give

	for _, s := range []*service{writer, reader} {
		r.waitFor(s)
	}
}

// waitFor waits until an instance is well, as who replaces instances has to.
func (r *rolling) waitFor(s *service) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return r.well(s) }, time.Minute, 20*time.Millisecond, "%s is not well", s.url)
}

// well reports whether an instance is ready and none of what follows the log has
// stopped.
func (r *rolling) well(s *service) bool {
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, s.url+"/readyz", http.NoBody)
	require.NoError(r.t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	all, err := s.operator.ListProjections(r.t.Context(), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		return false
	}
	for _, one := range all.JSON200.Items {
		require.NotContains(r.t, []string{"stopped", "refused"}, one.State, "%s: %v", one.Name, one.Error)
	}
	return true
}
