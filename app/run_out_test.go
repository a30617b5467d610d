package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/schedule"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
)

// told is what fell due by itself in the streams, in log order, such as
// "warned 7", each with when it was recorded.
func (w *timedWorld) told(streams ...string) (what []string, at []time.Time) {
	w.t.Helper()
	for e, err := range w.log.ReadAll(w.ctx, eventlog.Position{}, "account-", "device-", "partnership-", "user-") {
		require.NoError(w.t, err)
		if len(streams) > 0 && !slices.Contains(streams, e.Stream) {
			continue
		}
		var said string
		switch event := e.Event.(type) {
		case partnership.PartnershipEnded:
			said = map[bool]string{true: "ended", false: "ended by hand"}[event.Automatic]
		case partnership.PartnershipEndWarned:
			said = fmt.Sprintf("warned %d", event.DaysBefore)
		case account.InvitationExpired:
			said = fmt.Sprintf("invitation %d", event.Number)
		case user.UserInvitationExpired:
			said = fmt.Sprintf("user invitation %d", event.Number)
		case user.EmailChangeExpired:
			said = fmt.Sprintf("email change %d", event.Number)
		case device.ServiceRenewed:
			said = "renewed"
		default:
			continue
		}
		what, at = append(what, said), append(at, e.Metadata.OccurredAt)
	}
	return what, at
}

func partners(reseller, customer uuid.UUID) string {
	return partnership.Aggregate.Stream(partnership.UID(reseller, customer))
}

func (w *timedWorld) endAt(on *app.App, reseller, customer uuid.UUID, until time.Time) {
	w.t.Helper()
	_, err := on.Partnerships.Assign(w.ctx, administratorOf(customer), partnerships.Assign{
		Command: newCommand(), Reseller: reseller, Customer: customer, Until: &until,
	})
	require.NoError(w.t, err)
}

// run moves the clock and does what is due, twice over: also when the read model
// does not know yet.
func (w *timedWorld) run(at time.Time) {
	w.t.Helper()
	w.visible()
	w.clock.Set(at)
	require.NoError(w.t, w.Schedule.RunDue(w.ctx))
	require.NoError(w.t, w.Schedule.RunDue(w.ctx))
	w.visible()
	require.NoError(w.t, w.Schedule.RunDue(w.ctx))
}

func TestPartnershipsEndByThemselves(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	reseller := w.reseller("North Radio")
	until := on(2026, 6, 1).Time()
	names := []string{"Ends", "Moved", "Kept", "Ended"}
	uids := map[string]uuid.UUID{}
	for _, name := range names {
		uids[name] = w.customer(reseller, name)
		w.endAt(w.App, reseller, uids[name], until)
	}
	told := func(name string) string {
		what, _ := w.told(partners(reseller, uids[name]))
		return strings.Join(what, ", ")
	}
	w.run(until.AddDate(0, 0, -31).Add(-time.Second))
	require.Empty(t, told("Ends"))
	w.run(until.AddDate(0, 0, -31))
	require.Equal(t, "warned 31", told("Ends"))
	// A downtime passes the seven days; three are left.
	w.run(until.AddDate(0, 0, -3))
	require.Equal(t, "warned 31, warned 7", told("Ends"))
	w.endAt(w.App, reseller, uids["Moved"], until.AddDate(0, 0, 5)) // in eight days
	w.endAt(w.App, reseller, uids["Kept"], time.Time{})
	_, err := w.Partnerships.End(w.ctx, administratorOf(uids["Ended"]), reseller, uids["Ended"], newCommand())
	require.NoError(t, err)
	w.run(until.AddDate(0, 0, -3).Add(time.Hour))
	require.Equal(t, "warned 31, warned 7, warned 31", told("Moved"), "afresh, the nearest that is due")
	w.run(until.AddDate(0, 0, -1))
	w.run(until.Add(-time.Second))
	require.Equal(t, "warned 31, warned 7, warned 1", told("Ends"))
	w.run(until)
	w.run(until.AddDate(9, 0, 0)) // another downtime: nobody is warned of what is over
	require.Equal(t, "warned 31, warned 7, warned 1, ended", told("Ends"))
	require.Equal(t, "warned 31, warned 7, warned 31, warned 7, ended", told("Moved"))
	require.Equal(t, "warned 31, warned 7", told("Kept"))
	require.Equal(t, "warned 31, warned 7, ended by hand", told("Ended"))
	list, err := w.reader.Partnerships(t.Context(), query.Freshness{}, reseller)
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	for e, err := range w.log.ReadStream(t.Context(), partners(reseller, uids["Ends"]), 0) {
		require.NoError(t, err)
		if _, ok := e.Event.(partnership.PartnershipEnded); ok {
			require.Equal(t, "partnership-ends", e.Metadata.Actor.ID)
		}
	}
}

func TestInvitationsRunOut(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	w.people = people.Options{}
	reseller := w.reseller("North Radio")
	invited, err := w.People.Invite(w.ctx, administratorOf(reseller), people.Invite{
		Command: newCommand(), Account: reseller, Email: "bo@x.example", Profiles: []string{"renewals"},
	})
	require.NoError(t, err)
	closed := w.reseller("Short Lived")
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: closed, Confirm: true})
	require.NoError(t, err)
	streams := []string{account.Aggregate.Stream(reseller), user.Aggregate.Stream(invited.UID)}
	expect := func(want ...string) {
		t.Helper()
		got, _ := w.told()
		require.ElementsMatch(t, want, got)
		_, dates := w.told(streams...)
		require.Len(t, dates, len(want))
	}
	begun := w.clock.Now()
	w.run(begun.AddDate(0, 0, 7).Add(-time.Second))
	expect()
	w.run(begun.AddDate(0, 0, 7))
	expect("invitation 1", "user invitation 1")
	again := begun.AddDate(0, 0, 10)
	w.clock.Set(again)
	_, err = w.Accounts.ResendInvitation(w.ctx, operator(), reseller, newCommand())
	require.NoError(t, err)
	_, err = w.People.ResendInvitation(w.ctx, administratorOf(reseller), people.UserCommand{Command: newCommand(), Account: reseller, User: invited.UID})
	require.NoError(t, err)
	w.run(again.AddDate(0, 0, 6))
	expect("invitation 1", "user invitation 1")
	// Sent again after a downtime in which nobody has noted that the last ran out.
	w.clock.Set(again.AddDate(0, 0, 8))
	_, err = w.Accounts.ResendInvitation(w.ctx, operator(), reseller, newCommand())
	require.NoError(t, err)
	expect("invitation 1", "user invitation 1", "invitation 2")
	w.run(again.AddDate(1, 0, 0))
	expect("invitation 1", "user invitation 1", "invitation 2", "user invitation 2", "invitation 3")
}

// everythingDue has something of each kind fall due; it gives when all of it is
// over, and what has then happened to each stream.
func (w *timedWorld) everythingDue(on *app.App, now time.Time) (time.Time, map[string][]string) {
	w.t.Helper()
	reseller := w.resellerOn(on, "North Radio")
	want := map[string][]string{account.Aggregate.Stream(reseller): {"invitation 1"}}
	for n := range 3 {
		c := accountNamed(fmt.Sprintf("Customer %d", n), account.Standard)
		created, err := on.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), c)
		require.NoError(w.t, err)
		w.endAt(on, reseller, created.UID, now.AddDate(0, 0, 100*(n+1)))
		want[account.Aggregate.Stream(created.UID)] = []string{"invitation 1"}
		want[partners(reseller, created.UID)] = []string{"warned 31", "warned 7", "warned 1", "ended"}
		invited, err := on.People.Invite(w.ctx, administratorOf(created.UID), people.Invite{
			Command: newCommand(), Account: created.UID, Email: fmt.Sprintf("user%d@x.example", n), Administrator: true,
		})
		require.NoError(w.t, err)
		want[user.Aggregate.Stream(invited.UID)] = []string{"user invitation 1"}
		serial := w.stock(on, reseller, n+1)
		want[device.Aggregate.Stream(device.UID(serial))] = []string{"renewed", "renewed"}
	}
	return now.AddDate(11, 0, 0), want
}

// Advancing by years lives through all that falls due, each at its instant, in
// order, also when the service dies at one append after the other on the way.
func TestYearsOfEverything(t *testing.T) {
	t.Parallel()
	for _, crashes := range []bool{false, true} {
		t.Run(fmt.Sprintf("crashes=%t", crashes), func(t *testing.T) {
			t.Parallel()
			w := newTimedWorld(t)
			sandbox := w.sandbox(w.log)
			begun, err := sandbox.Schedule.SandboxTime(operator())
			require.NoError(t, err)
			target, want := w.everythingDue(sandbox, begun)
			move := schedule.MoveClock{To: target}
			for n := 0; crashes; n++ {
				log := mortalLog{w.log, &life{left: 1 + n%2, before: n%3 == 0}}
				_, _, err := w.sandbox(log).Schedule.MoveClock(w.ctx, operator(), move)
				if !log.life.dead {
					require.NoError(t, err)
					require.Greater(t, n, 10)
					break
				}
				require.ErrorIs(t, err, errDead)
			}
			_, _, err = sandbox.Schedule.MoveClock(w.ctx, operator(), move)
			require.NoError(t, err)
			for stream, events := range want {
				got, _ := w.told(stream)
				require.Equal(t, events, got, stream)
			}
			what, at := w.told()
			require.Len(t, what, 4+3+3*4+3*2)
			inOrder := slices.IsSortedFunc(at, func(a, b time.Time) int {
				if a.Sub(b).Abs() < time.Second { // what is due at one instant is done at the same time
					return 0
				}
				return a.Compare(b)
			})
			require.True(t, inOrder, "%v %v", what, at)
			// Each at its instant.
			for n := range 3 {
				end := begun.AddDate(0, 0, 100*(n+1)).Truncate(time.Second)
				for _, instant := range []time.Time{end, end.AddDate(0, 0, -1), end.AddDate(0, 0, -7), end.AddDate(0, 0, -31)} {
					require.True(t, slices.ContainsFunc(at, func(t time.Time) bool {
						return !t.Before(instant) && t.Before(instant.Add(time.Minute))
					}), "nothing at %s", instant)
				}
			}
		})
	}
}

// Something that was left lying before the clock is moved is done as of now: of
// the warnings only the nearest.
func TestMoveClockWithALateEnd(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	sandbox := w.sandbox(w.log)
	now, err := sandbox.Schedule.SandboxTime(operator())
	require.NoError(t, err)
	reseller := w.resellerOn(sandbox, "North Radio")
	created, err := sandbox.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), accountNamed("Delta Rail", ""))
	require.NoError(t, err)
	w.endAt(sandbox, reseller, created.UID, now.AddDate(0, 0, 5))
	_, _, err = sandbox.Schedule.MoveClock(w.ctx, operator(), advance(t, "P30D"))
	require.NoError(t, err)
	what, _ := w.told(partners(reseller, created.UID))
	require.Equal(t, []string{"warned 7", "warned 1", "ended"}, what)
}

// At each instant the process dies at the first append, the second and so on,
// before or after the store has done it, until one run survives; or several go
// on at the same time, none of which knows of the others.
func TestCrashesAndRacesOfEverythingDue(t *testing.T) {
	t.Parallel()
	died := func(w *timedWorld, left int, before bool) bool {
		log := mortalLog{w.log, &life{left: left, before: before}}
		err := w.with(log).Schedule.RunDue(w.ctx)
		require.Equal(t, log.life.dead, err != nil, "append %d: %v", left, err)
		return log.life.dead
	}
	for name, run := range map[string]func(w *timedWorld){
		"dies before": func(w *timedWorld) {
			for n := 1; died(w, n, true); n++ {
				w.visible()
			}
		},
		"dies after": func(w *timedWorld) {
			for n := 1; died(w, n, false); n++ {
				w.visible()
			}
		},
		"races": func(w *timedWorld) {
			var g errgroup.Group
			for range 4 {
				g.Go(func() error { return w.with(w.log).Schedule.RunDue(w.ctx) })
			}
			require.NoError(w.t, g.Wait())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTimedWorld(t)
			begun := w.clock.Now()
			last, want := w.everythingDue(w.App, begun)
			instants := []time.Time{begun.AddDate(0, 0, 7), begun.AddDate(5, 0, 0), last}
			for n := range 3 {
				end := begun.AddDate(0, 0, 100*(n+1))
				for _, days := range append(warnDays, 0) {
					instants = append(instants, end.AddDate(0, 0, -days))
				}
			}
			slices.SortFunc(instants, time.Time.Compare)
			for _, at := range instants {
				w.visible()
				w.clock.Set(at)
				run(w)
			}
			for stream, events := range want {
				got, _ := w.told(stream)
				require.Equal(t, events, got, stream)
			}
			w.later()
			w.invariants()
		})
	}
}
