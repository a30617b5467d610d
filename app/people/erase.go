package people

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Erase forgets a person for good: name and e-mail read "erased" from then on, in
// the log and in everything made of it. It is the operator's. A person whom
// nothing names is query.ErrNotFound. Erasing again changes nothing and gives the
// revision of now.
//
// The events come first: from then on nothing shows the person any more, and the
// sessions and tokens of one who was a user are refused. What signing in needed
// goes next, then the answers that are kept for repeats, the key last: it opens the
// names and addresses that these answers are found by. When the command dies in between, the reactions do the
// rest; the other way round nobody would know that there is something to finish.
// The person's address stays taken on the platform as long as the account would
// have kept it.
func (s *Service) Erase(ctx context.Context, caller access.Caller, person uuid.UUID, c command.Command) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.AccountsManage); err != nil {
		return command.Receipt{}, err
	}
	if err := c.Check(); err != nil {
		return command.Receipt{}, err
	}
	receipt, err := s.eraseEverywhere(ctx, s.executor.Begin(caller.Actor, c), person)
	if err != nil || c.DryRun {
		return receipt, err
	}
	return receipt, s.destroySecrets(ctx, person)
}

// FinishErasure does the rest of an erasure, whatever was done of it.
func (s *Service) FinishErasure(ctx context.Context, env command.Env, person uuid.UUID) error {
	_, err := s.eraseEverywhere(ctx, env, person)
	if err != nil && !errors.Is(err, query.ErrNotFound) { // perhaps nothing names the person any more
		return err
	}
	return s.destroySecrets(ctx, person)
}

// destroySecrets ends an erasure.
func (s *Service) destroySecrets(ctx context.Context, person uuid.UUID) error {
	if err := s.options.Store.Forget(ctx, person); err != nil {
		return err
	}
	if err := s.eraseAnswers(ctx, person); err != nil {
		return err
	}
	return s.persons.Erase(ctx, person)
}

// eraseAnswers drops the answers kept for repeats that tell of a person. When the
// key is gone already, those go that a request under way has kept since: they are
// found by the person's id.
func (s *Service) eraseAnswers(ctx context.Context, person uuid.UUID) error {
	if s.options.Answers == nil {
		return nil
	}
	streams, err := s.persons.NamedIn(ctx, person)
	if err != nil {
		return err
	}
	var told []string
	for _, stream := range streams {
		for e, err := range s.executor.Log.ReadStream(ctx, stream, 0) {
			if err != nil {
				return err
			}
			known, err := toldOf(e.Event, person)
			if err != nil {
				return err
			}
			told = append(told, known...)
		}
	}
	slices.Sort(told)
	return s.options.Answers.Erase(ctx, person, slices.Compact(told))
}

// toldOf gives what an event says of a person.
func toldOf(e domain.Event, person uuid.UUID) ([]string, error) {
	personal := eventlog.Codec.Personal(e.EventType())
	if len(personal) == 0 {
		return nil, nil
	}
	_, _, data, err := eventlog.Codec.Encode(e)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	var told []string
	for _, member := range personal {
		var p account.Person
		if raw, ok := members[member]; !ok {
			continue
		} else if err := json.Unmarshal(raw, &p); err != nil {
			return nil, err
		}
		if p.ID == person && p != p.Erase() && p != p.Hide() {
			told = append(told, p.Email, p.Name)
		}
	}
	return told, nil
}

// eraseEverywhere records the erasure in all streams that name the person, as
// far as that was not done yet, query.ErrNotFound when none does.
func (s *Service) eraseEverywhere(ctx context.Context, env command.Env, person uuid.UUID) (command.Receipt, error) {
	streams, err := s.persons.NamedIn(ctx, person)
	if err != nil {
		return command.Receipt{}, err
	}
	last, err := command.Receipt{}, query.ErrNotFound
	for _, stream := range streams {
		receipt, failed := eraseIn(ctx, env, stream, person)
		switch {
		case errors.Is(failed, query.ErrNotFound): // an append that was not to be
		case failed != nil:
			return command.Receipt{}, failed
		default:
			last, err = receipt, nil
		}
	}
	return last, err
}

// eraseIn forgets a person named in a stream, query.ErrNotFound when that does
// not name the person.
func eraseIn(ctx context.Context, env command.Env, stream string, person uuid.UUID) (command.Receipt, error) {
	if uid, ok := account.Aggregate.UID(stream); ok {
		return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, uid), func(acc account.State) ([]domain.Event, error) {
			return eraseFromAccount(acc, person, env.Limits.Names)
		}))
	}
	if uid, ok := user.Aggregate.UID(stream); ok {
		return command.Receive(command.Execute(ctx, env, command.On(user.Aggregate, uid), func(u user.State) ([]domain.Event, error) {
			return eraseUser(u, env.Limits.Names)
		}))
	}
	if uid, ok := audit.Aggregate.UID(stream); ok {
		return command.Receive(command.Execute(ctx, env, command.On(audit.Aggregate, uid), eraseAuditor))
	}
	if uid, ok := notice.RoundAggregate.UID(stream); ok {
		return command.Receive(command.Execute(ctx, env, command.On(notice.RoundAggregate, uid), func(r notice.Round) ([]domain.Event, error) {
			if r.Person(person).Person.ID == uuid.Nil {
				return nil, query.ErrNotFound
			}
			return notice.DecideErase(r, person)
		}))
	}
	return command.Receipt{}, query.ErrNotFound
}

func eraseFromAccount(acc account.State, person uuid.UUID, names reservation.Names) ([]domain.Event, error) {
	if !acc.Exists() || !acc.Names(person) {
		return nil, query.ErrNotFound
	}
	email, _ := acc.EmailKey()
	return account.DecideErase(acc, person, names.Keyed(email.Stream))
}

// eraseUser forgets who a user is. The address is free again, since nothing could
// tell any more that it was taken; the event says which it was, should the
// command die before it lets go of it, by a name that tells nothing.
func eraseUser(u user.State, names reservation.Names) ([]domain.Event, error) {
	if u.Status == "" {
		return nil, query.ErrNotFound
	}
	email, _ := u.EmailKey() // its stream is empty when the user holds none
	events, err := user.DecideErase(u, email.Stream)
	for i, e := range events {
		if erased, ok := e.(user.UserErased); ok {
			events[i] = erased.Named(names.Keyed)
		}
	}
	return events, err
}

func eraseAuditor(grant audit.State) ([]domain.Event, error) {
	if grant.UID == uuid.Nil {
		return nil, query.ErrNotFound
	}
	return audit.DecideErase(grant)
}
