package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var (
	accountNameTaken = domain.Problem{Code: CodeAccountNameTaken, Pointer: "/name", Detail: "Another account has this name."}
	emailTaken       = domain.Problem{Code: CodeEmailTaken, Pointer: "/administrator/email", Detail: "The e-mail address is in use on the platform."}
)

// accountChange is a change of one account, without wants.
func accountChange(uid uuid.UUID, decide func(account.State) ([]domain.Event, []domain.Problem)) change[account.State] {
	return change[account.State]{
		stream: eventlog.AccountStream(uid),
		holder: uid,
		evolve: account.Evolve,
		decide: decide,
		has:    reservationsOfAccount,
	}
}

// reservationsOfAccount are those that an account in this state has a right to.
// One that was closed before it was activated frees its name and e-mail.
func reservationsOfAccount(s account.State) []reservation.Key {
	if s.Status == "" || s.Status == account.Closed && s.NeverActivated() {
		return nil
	}
	_, name, _ := account.NormaliseName(s.Name) // it was valid when it was given
	keys := []reservation.Key{reservation.Unique(reservation.AccountName, name)}
	if email, ok := emailOf(s); ok {
		keys = append(keys, email)
	}
	return keys
}

// emailOf is the reservation of the administrator's address. That of an erased
// administrator is known from the erasure; before that, in what a destroyed key
// has left of the stream, there is none to be told.
func emailOf(s account.State) (reservation.Key, bool) {
	if s.Administrator.IsErased() {
		return reservation.Key{Kind: reservation.Email, Stream: s.EmailReservation, Capacity: 1}, s.EmailReservation != ""
	}
	_, email, _ := account.NormaliseEmail(s.Administrator.Email) // it was valid when it was given
	return reservation.Unique(reservation.Email, email), true
}

// oneAccount carries out a command on an account.
func (a *App) oneAccount(ctx context.Context, w write, uid uuid.UUID, ifRevision *eventlog.Revision,
	decide func(account.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	return a.partOfAccount(ctx, w, uid, ifRevision, account.State.Exists, decide)
}

// partOfAccount carries out a command on a part of an account, if it has that;
// else ErrNotFound.
func (a *App) partOfAccount(ctx context.Context, w write, uid uuid.UUID, ifRevision *eventlog.Revision,
	has func(account.State) bool, decide func(account.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	ch := partChange(uid, has, decide)
	ch.ifRevision = ifRevision
	r, err := carryOut(ctx, a, w, ch.change)
	if err = ch.missing(r, err); err != nil {
		return Written{}, err
	}
	return r.written(uid)
}

// changeOfPart is a change of something that an account may not have.
type changeOfPart struct {
	change[account.State]
	found *bool // when it was decided
}

func partChange(uid uuid.UUID, has func(account.State) bool, decide func(account.State) ([]domain.Event, []domain.Problem)) changeOfPart {
	found := false
	return changeOfPart{found: &found, change: accountChange(uid, func(s account.State) ([]domain.Event, []domain.Problem) {
		if found = has(s); !found {
			return nil, nil
		}
		return decide(s)
	})}
}

// missing is ErrNotFound when the result is about something that is not there,
// and was not when the command was carried out before.
func (c changeOfPart) missing(r result[account.State], err error) error {
	if r.revision == eventlog.NoStream || err == nil && !*c.found && !r.done {
		return orNotFound(err)
	}
	return err
}

func orNotFound(err error) error {
	if err == nil {
		return query.ErrNotFound
	}
	return err
}

// CloseAccount ends an account. It is the operator's.
func (a *App) CloseAccount(ctx context.Context, caller access.Caller, uid uuid.UUID, c Command, ifRevision *eventlog.Revision) (Written, error) {
	if err := operatorOnly(caller, rights.AccountsManage); err != nil {
		return Written{}, err
	}
	if err := c.check(); err != nil {
		return Written{}, err
	}
	return a.oneAccount(ctx, a.write(caller, c), uid, ifRevision, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideClose(s, c.Reason)
	})
}
