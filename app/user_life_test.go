package app_test

import (
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
)

// userLife is everything that happens to an account's users, step by step. A
// step that was answered is not repeated, as no client would.
type userLife struct {
	w      *world
	on     *app.App
	round  int
	mu     *sync.Mutex
	steps  map[string]uuid.UUID // answered, with their uids
	number int
}

// step carries out a step with a command id of its own.
func (l *userLife) step(do func(app.Command) (uuid.UUID, error)) (uuid.UUID, error) {
	l.number++
	key := fmt.Sprint(l.round, "/", l.number)
	l.mu.Lock()
	uid, answered := l.steps[key]
	l.mu.Unlock()
	if answered {
		return uid, nil
	}
	uid, err := do(app.Command{ID: seed(1000*l.round + l.number)})
	if err == nil {
		l.mu.Lock()
		l.steps[key] = uid
		l.mu.Unlock()
	}
	return uid, err
}

func (l *userLife) run() error {
	// How creations die is another test.
	uid, err := l.step(func(c app.Command) (uuid.UUID, error) {
		create := accountNamed(fmt.Sprintf("Account %d", l.round), account.Standard)
		create.Command = c
		created, err := l.w.CreateAccount(l.w.ctx, operator(), create)
		return created.UID, err
	})
	if err != nil {
		return err
	}
	activate := func(token func() string) error {
		_, err := l.step(func(c app.Command) (uuid.UUID, error) {
			_, err := l.on.ActivateAccount(l.w.ctx, token(), app.ActivateAccount{Command: c, Password: password})
			return uuid.Nil, err
		})
		return err
	}
	invite := func(name string, administrator bool) (uuid.UUID, error) {
		return l.step(func(c app.Command) (uuid.UUID, error) {
			done, err := l.on.InviteUser(l.w.ctx, operator(), app.InviteUser{
				Command: c, Account: uid, Email: fmt.Sprintf("%s%d@x.example", name, l.round), Profiles: []string{"renewals"}, Administrator: administrator,
			})
			return done.UID, err
		})
	}
	change := func(person uuid.UUID, do func(*app.App, app.UserCommand) (app.Written, error)) error {
		_, err := l.step(func(c app.Command) (uuid.UUID, error) {
			_, err := do(l.on, app.UserCommand{Command: c, Account: uid, User: person})
			return uuid.Nil, err
		})
		return err
	}
	if err := activate(func() string { return l.on.InvitationToken(uid, 1) }); err != nil {
		return err
	}
	person, err := invite("bo", true)
	if err != nil {
		return err
	}
	if err := activate(func() string { return l.on.UserInvitationToken(person, 1) }); err != nil {
		return err
	}
	for _, do := range []func(*app.App, app.UserCommand) (app.Written, error){
		func(on *app.App, c app.UserCommand) (app.Written, error) {
			return on.EditUser(l.w.ctx, operator(), app.EditUser{UserCommand: c, Administrator: no(), Profiles: &[]string{"full"}})
		},
		func(on *app.App, c app.UserCommand) (app.Written, error) {
			return on.DeactivateUser(l.w.ctx, operator(), c)
		},
		func(on *app.App, c app.UserCommand) (app.Written, error) {
			return on.ReactivateUser(l.w.ctx, operator(), c)
		},
	} {
		if err := change(person, do); err != nil {
			return err
		}
	}
	other, err := invite("cy", false)
	if err != nil {
		return err
	}
	return change(other, func(on *app.App, c app.UserCommand) (app.Written, error) {
		return on.RevokeUserInvitation(l.w.ctx, operator(), c)
	})
}
