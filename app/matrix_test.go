package app_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/order"
)

// The crash matrix: each command and each mailing dies before and after each of
// its steps, every time in a new round of its row. After a death the finisher
// clears up, dying at its own steps, and the invariants hold. Repeated with its id
// the command goes through, and all in all it has written the same business
// events as in the round in which nobody died.
//
// A new use case needs a row, or stands in the list of those that only read;
// TestMatrixIsComplete names one that has neither. A command with a single step
// needs a row too (single), which shows that this is still so.

// row is a row of the matrix.
type row struct {
	name   string
	covers string // use cases, with blanks between
	single string // why there is nothing to die between: the command has one step
	timed  bool   // needs read models
	// begin prepares a round and gives its command, to be carried out by the
	// process that dies and by the one after it.
	begin func(w *world, round int) func(on process) error
}

// matrix is all rows.
func matrix() []row {
	return slices.Concat(accountRows(), userRows(), signInRows(), deviceRows(), transferRows(), renewalRows(), timeRows(),
		administrationRows(), passwordRows(), selfRows(), tokenRows(), requestRows(), orderMailRows(), noticeRows(), factorRows())
}

func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	for i, r := range matrix() {
		if testing.Short() && i%5 > 0 {
			continue // with the race detector it takes minutes
		}
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
		execute := r.begin(w, n)
		w.later()
		begun := w.end()
		on := w.dying(n, before)
		err := execute(on)
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
		require.NoError(t, execute(process{App: w.App}), "repeated after death at step %d", n)
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
	execute := r.begin(w, 1)
	w.later()
	begun := w.end()
	on := w.dying(1000, false)
	require.NoError(t, execute(on))
	require.Equal(t, 1, on.taken, "more than one step: not single")
	events := w.business(begun)
	require.NoError(t, execute(process{App: w.App}), "repeated")
	require.Equal(t, events, w.business(begun), "repeated")
	w.later()
	w.invariants()
}

// clearUp is later, but by finishers of which one dies at its first step, the next
// at its second and so on, until one survives.
func (w *world) clearUp(round int) {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	events := w.after(w.handled, w.allFollowed()...)
	for n := 1; ; n++ {
		require.Less(w.t, n, 60, "the finishers do not end")
		on := w.dying(n, (n+round)%2 == 0)
		var err error
		for _, f := range reactionsOf(on.App) {
			if err = f.HandleBatch(w.ctx, followed(f, events)); err != nil {
				break
			}
		}
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
	"Reserved", "Released", "ClaimAbandoned", "AccountClaimAbandoned", "AccountCreationAbandoned", "RenewalOrderAbandoned", "RenewalOrderClaimAbandoned",
	"UserClaimAbandoned", "UserInvitationAbandoned",
	"Held", "HoldReleased", "BatchStarted", "BatchPrepared", "BatchCommitted", "BatchCompleted", "BatchAbandoned",
	"TransferPlanned", "DevicesPlanned",
}

// business lists the business events after a position, by stream and type.
func (w *world) business(after eventlog.Position) []string {
	w.t.Helper()
	all := []string{}
	for _, e := range w.after(after, allStreams...) {
		if kind, _, _ := strings.Cut(e.Stream, "-"); !slices.Contains(inner, e.Event.EventType()) {
			for range toldOf(e.Event) {
				all = append(all, kind+" "+e.Event.EventType())
			}
		}
	}
	slices.Sort(all)
	return all
}

// toldOf is of how many devices an event tells what became of them. After a death
// that may be told in more events than one.
func toldOf(e domain.Event) int {
	switch e := e.(type) {
	case order.RenewalOrderApplied:
		return len(e.Devices)
	case order.RenewalOrderReversed:
		return len(e.Devices)
	}
	return 1
}

// onlyRead are the use cases that write nothing.
const onlyRead = `Access.Fresh Access.Partners Access.ProfileRights Access.Request Access.StillHolds
	Accounts.Admit Accounts.Customers Accounts.Get Accounts.Holdings Accounts.List Accounts.Own
	Audits.Caller Audits.Former Audits.Get Audits.List
	Catalogues.AsOf Catalogues.InForce
	Devices.Explain Devices.Get Devices.History Devices.List Devices.ReleaseRequest Devices.ReleaseRequests Feed.Open Forecasts.Get
	Finisher.Name Finisher.Prefixes Reserved.Name Reserved.Prefixes Mailings.Name Mailings.Prefixes Mailings.Replaces Renewal.Name Renewal.Prefixes
	Security.Name Security.Prefixes
	Notices.Choice Notices.Get Notices.List Notices.Outbox Notices.OutboxMail Notices.Sends
	Operations.Get Operations.List Operations.Results
	Partnerships.GetRequest Partnerships.List Partnerships.Requests
	People.EmailConfirmation People.Get People.Invitation People.List People.PasswordReset People.Self People.Sessions People.SessionsOfUser People.TokensOfUser
	Devices.ServiceDays People.AuditorCaller People.Calendars
	People.AccountTokens People.Factors People.FormerTokens People.TokenCaller People.Tokens People.Views People.CallerNow People.WhoIs People.SessionCaller People.OperatorCaller
	Renewals.Align Renewals.Allocations Renewals.Get Renewals.List Renewals.Preview
	Schedule.SandboxTime SecurityLog.List
	Transfers.Get Transfers.List Transfers.TransferPlan Transfers.TransferPlans
	Webhooks.Deliveries Webhooks.Get Webhooks.List Feed.Beyond Feed.End Feed.Has Feed.Now Feed.Tells
	Transparency.Checkpoints Transparency.PublicKeys Transparency.Tile`

// elsewhere are the use cases whose deaths another test or another row is about.
var elsewhere = slices.Concat(
	// TestMoveClockAfterACrash.
	strings.Fields("Schedule.MoveClock"),
	// The finisher follows every death of a row and dies at its own steps, and
	// these are parts of what it does.
	strings.Fields(`Finisher.HandleBatch Reserved.HandleBatch Accounts.DropSecret Accounts.DropSecrets Devices.ReleaseGranted Devices.ReleaseByItself
		Renewals.FinishOrder Renewals.RecordReversal Renewals.Stop Partnerships.Stop Devices.EndRelease
		People.EndAccountTokens People.EndFormerTokens People.EndSessionsBefore People.EndSignIns People.TidyFactors People.FinishErasure People.FollowAccess People.FollowPerson People.JoinFirst People.NameAdministrator`),
	// Parts of what follows a new secret.
	strings.Fields("Accounts.RenewInvitation Audits.EndFormer People.EndFormer People.RenewEmailChange People.RenewInvitation People.RenewReset"),
	// A webhook is one row of its store, and each use case one statement; a process that
	// dies between sending and noting is TestWebhookOfADeadProcess.
	strings.Fields("Webhooks.Create Webhooks.Edit Webhooks.Rotate Webhooks.Replay Webhooks.Remove Webhooks.Deliver Webhooks.Follow Webhooks.Test"),
	// Also a part of creating a customer.
	strings.Fields("Partnerships.PartnerUp"),
	// When a session was used or a calendar read last is one statement, and made anew by the next request.
	strings.Fields("People.NoteUse People.CalendarCaller"),
	// Housekeeping looks at everything anew each time.
	strings.Fields("Accounts.ForgetSecrets People.ForgetCredentials People.ForgetFactors"),
	// Entries of events have their ids, and a batch is one statement that is made anew.
	strings.Fields("Security.HandleBatch"),
	// What is noted waits in memory, and may be lost with it.
	strings.Fields("SecurityLog.OperatorToken SecurityLog.Refused"),
	// A checkpoint is kept by one statement, and another one is as good.
	strings.Fields("Transparency.Checkpoint Transparency.KeepCheckpoint Transparency.Proof Transparency.Export"),
	// What asks for a passkey is one statement, and is asked for anew.
	strings.Fields("People.StartWithPasskey"),
)

// portsSteps are the methods of the ports that are a step, and those that are none.
var portsSteps = []struct {
	port         reflect.Type
	steps, reads string
}{
	{reflect.TypeFor[eventlog.Log](), "Append", "ReadAll ReadLast ReadStream"},
	{reflect.TypeFor[ports.PersonKeys](), "Erase GiveUp Use", "Find NamedIn"},
	{reflect.TypeFor[ports.PeopleStore](), `PutCredential DropCredential KeepCredential CountAttempt ForgetAttempts ForgiveAttempt RememberSignIn
		CreateSession EndSession EndSessions CreateToken RevokeToken RevokeTokens BindIdentity DropIdentities Forget CarryOver ProveSession RenewSession UseSession UseToken SaveView RemoveView
		CreateCalendar ReadCalendar RevokeCalendar RevokeCalendars EndTokens`,
		"CalendarByHash Calendars Views Credential SessionByHash Sessions TokenByHash Tokens SpareCredentials UserOfIdentity HasSignedIn SignIns EachToken"},
	{reflect.TypeFor[ports.Factors](), "Put Use Settle Drop Begin Try Finish", "Of Held Unsettled"},
	{reflect.TypeFor[ports.AccountTokens](), "Revoke RevokeAll", "List"},
	{reflect.TypeFor[ports.KeptAnswers](), "Erase", ""},
	{reflect.TypeFor[ports.Operators](), "", "Removed"},
	{reflect.TypeFor[ports.ExternalSecrets](), "Put Settle Drop", "Unsettled"},
	{reflect.TypeFor[ports.ResetQueue](), "QueuePasswordReset", ""},
	{reflect.TypeFor[ports.OperationStore](), "CreateOperation SaveChunk FailOperation StopOperations", "OpenOperations Operation OperationRequest OperationResults Operations"},
	{reflect.TypeFor[ports.SandboxClock](), "MoveTo", "Alone Now"},
	{reflect.TypeFor[ports.Webhooks](), "Create Change Remove Claim Unclaim Delivered Passed Tested RemoveDeliveries", "Of Get Active Deliveries"},
	{reflect.TypeFor[ports.WebhookSender](), "Send", "Check"},
	{reflect.TypeFor[ports.Mailer](), "Send", ""},
	{reflect.TypeFor[ports.MailOutcomes](), "", "Outcomes"},
}

func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	known := slices.Concat(strings.Fields(onlyRead), elsewhere)
	for _, r := range matrix() {
		known = append(known, strings.Fields(r.covers)...)
	}
	all := useCases()
	for name := range all {
		require.Contains(t, known, name, "a row of the crash matrix is missing, see matrix()")
	}
	for _, name := range known {
		require.Contains(t, all, name, "there is no such use case any more")
	}
	for _, p := range portsSteps {
		all := strings.Fields(p.steps + " " + p.reads)
		for i := range p.port.NumMethod() {
			require.Contains(t, all, p.port.Method(i).Name, "say whether this method of %s is a step, and let processes die there", p.port)
		}
	}
}
