package app_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

// The crash matrix: each command, each process and each mailing dies before and
// after each of its steps, every time in a new round of its row. After a death
// the processes clear up, dying at their steps themselves, and the invariants
// hold. Repeated with its id the command goes through, and all in all it has
// written the same business events as in the round in which nobody died.
//
// A new method of App needs a row, or stands in the list of those that only
// read; TestMatrixIsComplete says which does not. A command that has a single
// step needs a row too (single), which shows that this is still so.

// row is a row of the matrix.
type row struct {
	name   string
	covers string // methods of App, with blanks between
	single string // why there is nothing to die between: the command has one step
	timed  bool   // needs read models
	// begin prepares a round and gives its command, to be carried out by the
	// process that dies and by the one after it.
	begin func(w *world, round int) func(on process) error
}

// matrix is all rows.
func matrix() []row {
	return slices.Concat(accountRows(), userRows(), signInRows(), deviceRows(), transferRows(), renewalRows(), timeRows(),
		administrationRows(), passwordRows())
}

func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	for _, r := range matrix() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if r.single != "" {
				r.takesOneStep(t)
				return
			}
			for _, before := range []bool{true, false} {
				t.Run(fmt.Sprintf("before=%t", before), func(t *testing.T) {
					t.Parallel()
					r.dies(t, before)
				})
			}
		})
	}
}

func (r row) world(t *testing.T) *world {
	t.Helper()
	if r.timed {
		w := newTimedWorld(t).world
		w.people = newPeople(w.pool, plainPasswords{})
		w.App = w.with(w.log)
		return w
	}
	return newWorldWithPeople(t, plainPasswords{})
}

// dies carries the row out in processes that die at their first step, the
// second and so on, until one survives.
func (r row) dies(t *testing.T, before bool) {
	w := r.world(t)
	var written [][]string
	for n := 1; ; n++ {
		require.Less(t, n, 60, "the command does not end")
		command := r.begin(w, n)
		w.later()
		begun := w.end()
		on := w.dying(n, before)
		err := command(on)
		if !on.dead {
			require.NoError(t, err)
		} else {
			if before {
				w.later()
			} else {
				w.clearUp(n)
			}
			w.invariants()
		}
		require.NoError(t, command(process{App: w.App}), "repeated after death at step %d", n)
		w.later()
		w.invariants()
		written = append(written, w.business(begun))
		if !on.dead {
			require.Greater(t, n, 2, "a single step: say so")
			t.Logf("died at %d steps, each round writes %v", n-1, written[n-1])
			break
		}
	}
	for n, events := range written {
		require.Equal(t, written[len(written)-1], events, "after death at step %d", n+1)
	}
}

// takesOneStep carries the row out and counts.
func (r row) takesOneStep(t *testing.T) {
	w := r.world(t)
	command := r.begin(w, 1)
	w.later()
	begun := w.end()
	on := w.dying(1000, false)
	require.NoError(t, command(on))
	require.Equal(t, 1, on.taken, "more than one step: not single")
	events := w.business(begun)
	require.NoError(t, command(process{App: w.App}), "repeated")
	require.Equal(t, events, w.business(begun), "repeated")
	w.later()
	w.invariants()
}

// clearUp is later, but by processes that die at their first step, the next one at
// its second and so on, until one survives.
func (w *world) clearUp(round int) {
	w.t.Helper()
	w.clock.advance(time.Minute)
	events := w.after(w.handled, w.Processes().Prefixes()...)
	for n := 1; ; n++ {
		require.Less(w.t, n, 60, "the processes do not end")
		on := w.dying(n, (n+round)%2 == 0)
		err := on.Processes().HandleBatch(w.ctx, eventlog.Batch{Events: events})
		if !on.dead {
			require.NoError(w.t, err)
			break
		}
	}
	w.later()
}

// end is how far the log goes.
func (w *world) end() eventlog.Position {
	w.t.Helper()
	return w.fold().position
}

// inner are the events of reservations, fences, batches and plans: how a command
// goes about its work, which may differ when it dies.
var inner = []string{
	"Reserved", "Released", "ClaimAbandoned", "AccountClaimAbandoned", "AccountCreationAbandoned", "UserInvitationAbandoned",
	"Held", "HoldReleased", "BatchStarted", "BatchPrepared", "BatchCommitted", "BatchCompleted", "BatchAbandoned",
	"TransferPlanned", "DevicesPlanned",
}

// business lists the business events after a position, by stream and type.
func (w *world) business(after eventlog.Position) []string {
	w.t.Helper()
	all := []string{}
	for _, e := range w.after(after, allStreams...) {
		if kind, _, _ := strings.Cut(e.Stream, "-"); !slices.Contains(inner, e.Event.EventType()) {
			all = append(all, kind+" "+e.Event.EventType())
		}
	}
	slices.Sort(all)
	return all
}

// onlyRead are the methods of App that write nothing.
const onlyRead = `Account Accounts AuditCaller AuditGrant AuditGrants PasswordReset PasswordResetToken ProfileRights Admit Customers Device DeviceHistory Devices Invitation InvitationToken Operation OperationResults
	Partnerships PreviewRenewals ReleaseRequest ReleaseRequests Renewal SandboxTime Self SessionCaller Sessions TokenCaller Tokens
	Transfer TransferPlan User UserInvitationToken Users`

// elsewhere are the methods whose deaths another test is about: what the processes
// do follows every death of a row, TestMoveClockAfterACrash moves the clock, and
// housekeeping looks at everything anew each time.
const elsewhere = `MoveClock Processes ForgetCredentials ForgetSecrets`

// portsSteps are the methods of the ports that are a step, and those that are none.
var portsSteps = []struct {
	port         reflect.Type
	steps, reads string
}{
	{reflect.TypeFor[eventlog.Log](), "Append", "ReadAll ReadStream"},
	{reflect.TypeFor[ports.PersonKeys](), "Erase Use", "Find NamedIn"},
	{reflect.TypeFor[ports.PeopleStore](), `PutCredential DropCredential KeepCredential CountAttempt ForgetAttempts ForgiveAttempt
		CreateSession EndSession EndSessions CreateToken RevokeToken BindIdentity DropIdentities Forget CarryOver`,
		"Credential SessionByHash Sessions TokenByHash Tokens SpareCredentials UserOfIdentity"},
	{reflect.TypeFor[ports.ExternalSecrets](), "Put Settle Drop", "Unsettled"},
	{reflect.TypeFor[ports.ResetQueue](), "QueuePasswordReset", ""},
	{reflect.TypeFor[ports.OperationStore](), "CreateOperation SaveChunk FailOperation", "Operation OperationRequest OperationResults"},
	{reflect.TypeFor[ports.SandboxClock](), "MoveTo", "Alone Now"},
	{reflect.TypeFor[ports.Mailer](), "Send", ""},
}

func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	known := strings.Fields(onlyRead + " " + elsewhere)
	for _, r := range matrix() {
		known = append(known, strings.Fields(r.covers)...)
	}
	service := reflect.TypeFor[*app.App]()
	var methods []string
	for i := range service.NumMethod() {
		methods = append(methods, service.Method(i).Name)
		require.Contains(t, known, service.Method(i).Name, "a row of the crash matrix is missing, see matrix()")
	}
	for _, name := range known {
		require.Contains(t, methods, name, "App has no such method any more")
	}
	for _, p := range portsSteps {
		all := strings.Fields(p.steps + " " + p.reads)
		for i := range p.port.NumMethod() {
			require.Contains(t, all, p.port.Method(i).Name, "say whether this method of %s is a step, and let processes die there", p.port)
		}
	}
}
