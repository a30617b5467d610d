package app_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// account is an account as the log has it.
func (w *world) account(uid uuid.UUID) account.State {
	w.t.Helper()
	var s account.State
	for e, err := range w.log.ReadStream(w.ctx, account.Aggregate.Stream(uid), 0) {
		require.NoError(w.t, err)
		s = account.Evolve(s, e.Event)
	}
	return s
}

// erasures counts those recorded in an account.
func (w *world) erasures(uid uuid.UUID) int {
	w.t.Helper()
	n := 0
	for e, err := range w.log.ReadStream(w.ctx, account.Aggregate.Stream(uid), 0) {
		require.NoError(w.t, err)
		if _, ok := e.Event.(account.PersonErased); ok {
			n++
		}
	}
	return n
}

// keyOf is a person's key as another instance finds it.
func (w *world) keyOf(person uuid.UUID) ports.PersonKey {
	w.t.Helper()
	key, err := w.keys.Use(w.ctx, person, "account-"+uuid.Nil.String())
	require.NoError(w.t, err)
	return key
}

func TestErasePerson(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	reseller := w.reseller("North Radio")
	command1 := accountNamed("Delta Rail", "")
	created, err := w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), command1)
	require.NoError(t, err)
	uid := created.UID
	serial := w.registered(uid, router(1))[0]
	before, err := w.Devices.History(w.ctx, operator(), serial)
	require.NoError(t, err)
	person := w.account(uid).Administrator
	token := w.Tokens.Invitation(uid, 1)

	_, err = w.People.Erase(w.ctx, administratorOf(reseller), person.ID, newCommand())
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = w.People.Erase(w.ctx, administratorOf(uid), person.ID, newCommand())
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = w.People.Erase(w.ctx, operator(), uuid.New(), newCommand())
	require.ErrorIs(t, err, query.ErrNotFound)
	require.Equal(t, person, w.account(uid).Administrator)

	done, err := w.People.Erase(w.ctx, operator(), person.ID, newCommand())
	require.NoError(t, err)
	require.Equal(t, uid, done.UID)
	require.NotZero(t, done.Position)
	again, err := w.People.Erase(w.ctx, operator(), person.ID, newCommand())
	require.NoError(t, err)
	require.Equal(t, done, again)
	require.Equal(t, 1, w.erasures(uid))
	require.Equal(t, person.Erase(), w.account(uid).Administrator)
	require.True(t, w.keyOf(person.ID).Erased)

	// Nothing in the whole log tells the address any more.
	for _, e := range w.everything() {
		if c, ok := e.Event.(account.AccountCreated); ok && c.Account == uid {
			require.Equal(t, person.Erase(), c.Administrator)
		}
	}
	shown, err := w.People.Invitation(w.ctx, token)
	require.NoError(t, err)
	require.Equal(t, person.Erase(), shown.Person)
	_, err = w.People.Activate(w.ctx, token, people.Activate{Command: newCommand(), Name: "Ada", Password: password})
	refused(t, err, account.CodePersonErased)
	_, err = w.Accounts.ResendInvitation(w.ctx, operator(), uid, newCommand())
	refused(t, err, account.CodePersonErased)
	require.NoError(t, w.Mailings(noMail{t}, "").HandleBatch(w.ctx, eventlog.Batch{Events: w.everything()}))

	// The rest works on, and the hashes of a history are the same.
	after, err := w.Devices.History(w.ctx, operator(), serial)
	require.NoError(t, err)
	require.Equal(t, before, after)
	repeated, err := w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), command1)
	require.NoError(t, err)
	require.Equal(t, uid, repeated.UID)

	// The address stays taken while the account keeps it, and not longer.
	w.later()
	taken := accountNamed("Delta Rail Two", account.Standard)
	taken.Administrator.Email = person.Email
	_, err = w.Accounts.Create(w.ctx, operator(), taken)
	refused(t, err, account.CodeEmailTaken)
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: uid, Confirm: true})
	require.NoError(t, err)
	w.later()
	_, err = w.Accounts.Create(w.ctx, operator(), taken)
	require.NoError(t, err)
}

// Device events hold no personal data: what hashes of histories cover does not
// change by an erasure.
func TestHistoriesHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	for name := range device.Codec {
		require.Empty(t, device.Codec.Personal(name))
	}
}

// noMail fails the test for a mail to an erased person.
type noMail struct{ t *testing.T }

func (m noMail) Send(_ context.Context, mail ports.Mail) error {
	require.NotEqual(m.t, account.Erased, mail.To)
	return nil
}

// Whatever is appended while a person is erased, the person is erased after it.
func TestEraseAgainstOthers(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	for range 10 {
		name := uuid.NewString()
		uid := w.reseller(name)
		person := w.account(uid).Administrator
		token := w.Tokens.Invitation(uid, 1)
		var wg sync.WaitGroup
		at := func(do func() error) {
			wg.Go(func() {
				err := do()
				if _, refusal := errors.AsType[*domain.Refusal](err); err != nil && !refusal {
					t.Error(err)
				}
			})
		}
		at(func() error { _, err := w.People.Erase(w.ctx, operator(), person.ID, newCommand()); return err })
		at(func() error { _, err := w.People.Erase(w.ctx, operator(), person.ID, newCommand()); return err })
		at(func() error {
			_, err := w.People.Activate(w.ctx, token, people.Activate{Command: newCommand(), Name: "Ada", Password: password})
			return err
		})
		wg.Wait()
		require.Equal(t, person.Erase(), w.account(uid).Administrator)
		require.Equal(t, 1, w.erasures(uid))
		require.True(t, w.keyOf(person.ID).Erased)
	}
	w.later()
	w.invariants()
}
