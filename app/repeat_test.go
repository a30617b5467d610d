package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// dyingAfter carries a command out in a process that dies right after it has
// appended an event of the type.
func (w *world) dyingAfter(kind string, execute func(on process) error) {
	w.t.Helper()
	for n := 1; ; n++ {
		begun, on := w.end(), w.dying(n, false)
		if err := execute(on); !on.dead {
			require.NoError(w.t, err)
			w.t.Fatalf("%s is the last step", kind)
		}
		events := w.after(begun, allStreams...)
		if len(events) > 0 && events[len(events)-1].Event.EventType() == kind {
			return
		}
	}
}

// last is the last event of a type.
func (w *world) last(e domain.Event) eventlog.Recorded {
	w.t.Helper()
	var found eventlog.Recorded
	for _, one := range w.everything() {
		if one.Event.EventType() == e.EventType() {
			found = one
		}
	}
	return found
}

// A command that died between two streams is repeated after others have gone on in
// the first: it answers for its own event there, and does not bring back in the
// second what is over.
func TestARepeatGoesByWhatIsNow(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	bo := m.join("bo@x.example", true)
	caller, _ := m.sessionOf("bo@x.example")
	name := "Bo B."
	c := people.EditSelf{Command: newCommand(), Name: &name}
	rename := func(on process) (command.Receipt, error) { return on.People.EditSelf(m.ctx, caller, c) }
	m.dyingAfter(user.UserRenamed{}.EventType(), func(on process) error { _, err := rename(on); return err })
	own := m.last(user.UserRenamed{})
	require.NoError(t, m.edits(caller, "Bo C.", ""))
	got, err := rename(process{App: m.App})
	require.NoError(t, err)
	require.Equal(t, own.Revision, got.Revision)
	require.Contains(t, m.world.account(m.account).Administrators, account.Person{ID: bo, Name: "Bo C.", Email: "bo@x.example"})

	out := people.UserCommand{Command: newCommand(), Account: m.account, User: bo}
	deactivate := func(on process) (command.Receipt, error) { return on.People.Deactivate(m.ctx, m.admin, out) }
	before := m.last(user.UserRenamed{}).Revision
	m.dyingAfter(account.AccessWithdrawn{}.EventType(), func(on process) error { _, err := deactivate(on); return err })
	withdrawn := m.last(account.AccessWithdrawn{})
	again := out
	again.Command = newCommand()
	_, err = m.People.Reactivate(m.ctx, m.admin, again)
	require.NoError(t, err)
	require.NoError(t, m.edits(caller, "Bo D.", ""))
	got, err = deactivate(process{App: m.App})
	require.NoError(t, err)
	require.Equal(t, before, got.Revision, "as the user was when the account said so")
	require.Equal(t, withdrawn.Position, got.Position)
	require.Equal(t, user.Active, m.user(bo).Status)
	require.False(t, m.world.account(m.account).KeepsOut(bo))
}
