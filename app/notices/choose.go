package notices

import (
	"context"
	"crypto/subtle"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Choose says how a user wants the notices.
type Choose struct {
	command.Command
	Delivery notice.Delivery
}

// Choice is how a user gets the notices, and what else there is to choose.
type Choice struct {
	Delivery notice.Delivery
	Choices  []notice.Delivery // none: only administrators get notices
}

// chooser is a user with the account.
type chooser struct {
	user  uuid.UUID
	owner account.State
	found eventlog.Loaded[notice.Choice]
}

// administers reports whether the user gets, or may get, notices.
func (c chooser) administers() bool { return c.owner.Administers(c.user) }

func (c chooser) choice() Choice {
	if !c.administers() {
		return Choice{Delivery: notice.None}
	}
	choices := []notice.Delivery{notice.Each, notice.Digest}
	if c.owner.Type != account.Reseller {
		choices = append(choices, notice.None)
	}
	return Choice{Delivery: c.found.State.Or(c.owner.Type), Choices: choices}
}

// Choice is how the calling user gets the notices; query.ErrNotFound for callers
// that are no users.
func (s *Service) Choice(ctx context.Context, caller access.Caller) (Choice, eventlog.Position, error) {
	c, err := s.chooser(ctx, caller)
	return c.choice(), c.found.Position, err
}

func (s *Service) chooser(ctx context.Context, caller access.Caller) (chooser, error) {
	uid, err := uuid.Parse(caller.Actor.ID)
	if caller.Actor.Kind != domain.ActorUser || err != nil {
		return chooser{}, query.ErrNotFound
	}
	return s.chooserOf(ctx, uid, caller.Own())
}

func (s *Service) chooserOf(ctx context.Context, uid, owner uuid.UUID) (chooser, error) {
	acc, err := s.access.Request(access.Caller{}).Account(ctx, owner)
	if err != nil {
		return chooser{}, err
	}
	found, err := eventlog.Load(ctx, s.executor.Log, notice.ChoiceAggregate, uid)
	return chooser{uid, acc, found}, err
}

// Choose records how the calling user wants the notices. Administrators of a
// reseller get them one way or the other; those of its customers by choice.
func (s *Service) Choose(ctx context.Context, caller access.Caller, c Choose) (command.Receipt, error) {
	if err := s.access.Request(caller).MayWrite(ctx, rights.AccountRead); err != nil {
		return command.Receipt{}, err
	}
	u, err := s.chooser(ctx, caller)
	if err != nil {
		return command.Receipt{}, err
	}
	if !u.administers() {
		return command.Receipt{}, domain.Refuse(notice.ForAdministrators())
	}
	return command.Receive(s.choose(ctx, s.executor.Begin(caller.Actor, c.Command), u, c.Delivery))
}

func (s *Service) choose(ctx context.Context, env command.Env, u chooser, d notice.Delivery) (command.Result[notice.Choice], error) {
	return command.Execute(ctx, env, command.Loaded(notice.ChoiceAggregate, u.found), func(c notice.Choice) ([]domain.Event, error) {
		return notice.DecideChoose(c, u.user, u.owner.UID, u.owner.Type, d)
	})
}

// Unsubscribe ends the notices of the user whom a mail's token is for, as a click in
// a mail program does. It may be done again. query.ErrNotFound: no such token.
func (s *Service) Unsubscribe(ctx context.Context, token string, c command.Command) (command.Receipt, error) {
	uid, ok := s.tokens.Named(token)
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.tokens.Unsubscription(uid))) != 1 {
		return command.Receipt{}, query.ErrNotFound
	}
	l, err := eventlog.Load(ctx, s.executor.Log, notice.ChoiceAggregate, uid)
	if err != nil || l.State.User == uuid.Nil {
		return command.Receipt{}, access.OrNotFound(err)
	}
	u, err := s.chooserOf(ctx, uid, l.State.Account)
	if err != nil {
		return command.Receipt{}, err
	}
	actor := domain.Actor{Kind: domain.ActorUser, ID: uid.String(), Account: l.State.Account}
	return command.Receive(s.choose(ctx, s.executor.Begin(actor, c), u, notice.None))
}
