package people

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

func TestTheAccountDecidesWhoMayEnter(t *testing.T) {
	uid, now := uuid.New(), time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		change func(*user.State, *account.State)
		enters bool
	}{
		"active":                              {func(*user.State, *account.State) {}, true},
		"let in again, stream not yet":        {func(u *user.State, _ *account.State) { u.Status = user.Deactivated }, true},
		"kept out, stream not yet":            {func(_ *user.State, a *account.State) { a.Withdrawn = []uuid.UUID{uid} }, false},
		"pending":                             {func(u *user.State, _ *account.State) { u.Status = user.Pending }, false},
		"nobody":                              {func(u *user.State, _ *account.State) { *u = user.State{} }, false},
		"erased in the account, stream later": {func(_ *user.State, a *account.State) { a.Erased = []uuid.UUID{uid} }, false},
		"erased, account later":               {func(u *user.State, _ *account.State) { u.Erased = true }, false},
		"key destroyed":                       {func(u *user.State, _ *account.State) { u.Person = u.Person.Erase() }, false},
		"account closed":                      {func(_ *user.State, a *account.State) { a.Status = account.Closed }, false},
		"account pending":                     {func(_ *user.State, a *account.State) { a.Status = account.Pending }, true},
		"account expired": {func(_ *user.State, a *account.State) {
			a.Status, a.Invitation.Expires = account.Pending, now
		}, false},
		"account expired, administrator has joined": {func(_ *user.State, a *account.State) {
			a.Status, a.Invitation.Expires, a.Administrators = account.Pending, now, []account.Person{{ID: uid}}
		}, true},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			u := user.State{UID: uid, Status: user.Active, Person: account.Person{ID: uid, Email: "ada@x.example"}}
			acc := account.State{Status: account.Activated, Invitation: account.Invitation{Expires: now.Add(time.Hour)}}
			c.change(&u, &acc)
			if got := (entrant{user: eventlog.Loaded[user.State]{State: u}, account: acc, now: now}).enters(); got != c.enters {
				t.Errorf("got %t, want %t", got, c.enters)
			}
		})
	}
}
