package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// userChange is a change of one user, without wants.
func userChange(uid uuid.UUID, decide func(user.State) ([]domain.Event, []domain.Problem)) change[user.State] {
	return change[user.State]{
		stream: eventlog.UserStream(uid), holder: uid, evolve: user.Evolve, decide: decide, has: reservationsOfUser,
	}
}

// reservationsOfUser are those that a user in this state has a right to. The
// e-mail of an account's first administrator is held by the account, which
// claimed it when it was created: such a user was never invited. A deactivated
// user keeps the address, and can come back; of an erased one it is not known.
func reservationsOfUser(s user.State) []reservation.Key {
	if s.Status == "" || s.Status == user.Revoked || s.Person.IsErased() || s.Invitation.Number == 0 {
		return nil
	}
	_, email, _ := account.NormaliseEmail(s.Person.Email) // was valid when it was given
	return []reservation.Key{reservation.Unique(reservation.Email, email)}
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*domain.Refusal](err)
	return ok
}

// InviteUser invites a person into an account, with profiles or as an
// administrator.
type InviteUser struct {
	Command
	Account       uuid.UUID
	Email, Name   string
	Profiles      []string
	Administrator bool
}

// InviteUser invites a user. Managing users is the account's administrators'.
func (a *App) InviteUser(ctx context.Context, caller access.Caller, c InviteUser) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	acc, err := a.account(ctx, c.Account)
	switch {
	case err != nil:
		return Written{}, err
	case acc.Status == "":
		return Written{}, query.ErrNotFound
	case acc.Status == account.Closed:
		return Written{}, domain.Refuse(accountClosed)
	}
	w := a.write(caller, c.Command)
	invite, wants, err := newUser(c, acc)
	if err != nil {
		return Written{}, err
	}
	// As for accounts: a uid whose invitation was given up half way is left.
	for n := 0; ; n++ {
		invite.UID = w.derive(fmt.Sprintf("user/%d", n))
		invite.Person.ID = invite.UID
		invite.Invitation = a.userInvitation(invite.UID, 1, w)
		ch := userChange(invite.UID, func(s user.State) ([]domain.Event, []domain.Problem) {
			if s.Abandoned {
				return nil, nil
			}
			return user.DecideInvite(s, invite)
		})
		ch.wants = func(user.State) []want { return wants }
		r, err := carryOut(ctx, a, w, ch)
		if err = refusal(err, r.problems); err != nil {
			return Written{}, err
		}
		if !r.state.Abandoned {
			return r.written(invite.UID)
		}
	}
}

// newUser checks the input and gives all its problems at once.
func newUser(c InviteUser, acc account.State) (user.Invite, []want, error) {
	invite := user.Invite{Account: c.Account, Administrator: c.Administrator}
	var problems, p []domain.Problem
	var key string
	invite.Person.Email, key, p = account.NormaliseEmail(c.Email)
	problems = append(problems, at("/email", p)...)
	if c.Name != "" {
		invite.Person.Name, _, p = account.NormaliseName(c.Name)
		problems = append(problems, at("/name", p)...)
	}
	invite.Profiles, p = user.NormaliseProfiles(c.Profiles, acc)
	problems = append(problems, at("/profiles", p)...)
	taken := emailTaken
	taken.Pointer = "/email"
	return invite, []want{{key: reservation.Unique(reservation.Email, key), account: c.Account, taken: taken}}, domain.Refuse(problems...)
}

func (a *App) userInvitation(uid uuid.UUID, number int, w write) account.Invitation {
	return account.Invitation{
		Number: number, TokenHash: hashToken(a.UserInvitationToken(uid, number)), Expires: w.at.Add(invitationTime),
	}
}

// managesUsers is what every command on an account's users checks first.
func (a *App) managesUsers(ctx context.Context, caller access.Caller, uid uuid.UUID, c Command) error {
	if err := a.access(caller).write(ctx, uid, rights.UsersManage); err != nil {
		return err
	}
	return c.check()
}

// UserCommand is a command on one user of an account.
type UserCommand struct {
	Command
	Account, User uuid.UUID
	IfRevision    *eventlog.Revision
}

// oneUser carries out a command on a user's stream.
func (a *App) oneUser(ctx context.Context, caller access.Caller, c UserCommand,
	decide func(write, user.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	w := a.write(caller, c.Command)
	if _, err := a.userOf(ctx, c.Account, c.User); err != nil {
		return Written{}, err
	}
	ch := userChange(c.User, func(s user.State) ([]domain.Event, []domain.Problem) { return decide(w, s) })
	ch.ifRevision = c.IfRevision
	r, err := carryOut(ctx, a, w, ch)
	if err != nil {
		return Written{}, err
	}
	return r.written(c.User)
}

// userOf is a user of an account, else ErrNotFound.
func (a *App) userOf(ctx context.Context, uid, person uuid.UUID) (user.State, error) {
	s, err := a.user(ctx, person)
	if err != nil || s.Status == "" || s.Account != uid {
		return s, orNotFound(err)
	}
	return s, nil
}

func (a *App) user(ctx context.Context, uid uuid.UUID) (user.State, error) {
	l, err := load(ctx, a.log, eventlog.UserStream(uid), user.State{}, user.Evolve)
	return l.state, err
}

// ResendUserInvitation makes a new invitation in place of the old one.
func (a *App) ResendUserInvitation(ctx context.Context, caller access.Caller, c UserCommand) (Written, error) {
	return a.oneUser(ctx, caller, c, func(w write, s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideResend(s, a.userInvitation(s.UID, s.Invitation.Number+1, w), w.at)
	})
}

// RevokeUserInvitation takes an invitation back. The e-mail address is free then.
func (a *App) RevokeUserInvitation(ctx context.Context, caller access.Caller, c UserCommand) (Written, error) {
	return a.oneUser(ctx, caller, c, func(_ write, s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideRevoke(s)
	})
}
