package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// named is the service with other names of personal values.
func (w *world) named(names reservation.Names) *app.App {
	return w.with(w.log, func(d *app.Dependencies) { d.Names = names })
}

// follow has reactions go through the whole log.
func (w *world) follow(all ...reaction) {
	w.t.Helper()
	for range 2 { // what they claim is followed, too
		w.clock.Advance(time.Minute)
		events := w.after(eventlog.Position{}, w.allFollowed()...)
		for _, f := range all {
			require.NoError(w.t, f.HandleBatch(w.ctx, followed(f, events)))
		}
	}
}

// free reports whether an address is nobody's, to a service.
func (w *world) free(a *app.App, email string) bool {
	w.t.Helper()
	c := accountNamed("Free "+uuid.NewString(), account.Standard)
	c.Administrator.Email = email
	c.DryRun = true
	_, dry := a.Accounts.Create(w.ctx, operator(), c)
	c.Command = newCommand()
	created, err := a.Accounts.Create(w.ctx, operator(), c)
	if err == nil {
		_, closed := a.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: created.UID, Confirm: true})
		require.NoError(w.t, closed)
	} else {
		refused(w.t, err, account.CodeEmailTaken)
	}
	require.Equal(w.t, err == nil, dry == nil)
	return err == nil
}

// Services that claim addresses by the hash, by both names, and by keyed names only
// follow each other: no address is ever had by two, and who has one signs in.
func TestAddressesGetKeyedNames(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	key := w.names.Key
	before, both, after := w.named(reservation.Names{}), w.named(reservation.Names{Key: key, Former: true}), w.named(reservation.Names{Key: key})
	create := func(a *app.App, name string) (uuid.UUID, string) {
		t.Helper()
		c := accountNamed(name, account.Standard)
		created, err := a.Accounts.Create(w.ctx, operator(), c)
		require.NoError(t, err)
		_, err = a.People.Activate(w.ctx, a.Tokens.Invitation(created.UID, 1), people.Activate{Command: newCommand(), Name: "Ada", Password: password})
		require.NoError(t, err)
		return created.UID, c.Administrator.Email
	}
	entersBy := func(email string, all ...*app.App) {
		t.Helper()
		for _, a := range all {
			_, err := a.People.SignIn(w.ctx, people.SignIn{Email: email, Password: password})
			require.NoError(t, err)
		}
	}
	_, old := create(before, "Delta Rail")
	_, invited := create(both, "Harbour Transit")
	w.follow(before.Finisher) // a version before has no other, which leaves what it does not know alone
	for _, email := range []string{old, invited} {
		entersBy(email, before, both)
		require.False(t, w.free(before, email), email)
		require.False(t, w.free(both, email), email)
	}
	// Before a reaction has gone through the log, the keyed names do not say all.
	w.follow(reactionsOf(both)...)
	for _, email := range []string{old, invited} {
		entersBy(email, before, both, after)
		for _, a := range []*app.App{before, both, after} {
			require.False(t, w.free(a, email), email)
		}
	}

	// One of before gives an address up: it is free by its keyed name, too.
	pending := accountNamed("Short Lived", account.Standard)
	created, err := both.Accounts.Create(w.ctx, operator(), pending)
	require.NoError(t, err)
	_, err = before.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: created.UID, Confirm: true})
	require.NoError(t, err)
	w.follow(reactionsOf(both)...)
	require.True(t, w.free(both, pending.Administrator.Email))
	require.True(t, w.free(after, pending.Administrator.Email))

	// Once more with another key: the first one was lost.
	lost := w.named(reservation.Names{Key: []byte("another key"), Former: true})
	w.follow(reactionsOf(lost)...)
	for _, email := range []string{old, invited} {
		entersBy(email, lost)
		require.False(t, w.free(lost, email), email)
	}
}

// What is written by keyed names only tells an address to nobody who has no key.
func TestKeyedNamesTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	w.reseller("North Radio")
	keyed := 0
	for _, e := range w.after(eventlog.Position{}, allStreams...) {
		require.False(t, reservation.IsFormer(e.Stream), e.Stream)
		if reservation.IsKeyed(e.Stream) {
			keyed++
		}
	}
	require.Positive(t, keyed)
	one := reservation.Unique(reservation.Email, "ada@x.example").Stream
	require.NotEqual(t, w.names.Keyed(one), reservation.Names{Key: []byte("k")}.Keyed(one))
	require.Equal(t, w.names.Keyed(one), w.names.Keyed(w.names.Keyed(one)))
	require.False(t, strings.HasPrefix(w.names.Keyed(one), "reservation-"), "a version of before follows those")
}
