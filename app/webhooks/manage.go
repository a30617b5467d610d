package webhooks

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

const maxLabel = 100

// Create makes a webhook that is told of what happens from now on.
type Create struct {
	command.Command
	Label   string
	Address string
	Types   []string
	About   uuid.UUID
}

// Created is a webhook with its secret, which is shown only here.
type Created struct {
	ports.Webhook
	Key []byte
}

// Create makes a webhook of the account that the caller acts for. It needs users.manage
// there, lately signed in (access.ErrFreshSignInRequired). The secret follows from the
// command: repeated with its id, the answer is the same.
func (s *Service) Create(ctx context.Context, caller access.Caller, c Create) (Created, error) {
	account, err := s.manages(ctx, caller)
	if err == nil {
		err = s.access.Fresh(caller)
	}
	if err != nil {
		return Created{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	w := ports.Webhook{
		ID: env.Derive("webhook of " + account.String()), Account: account, Secret: 1, MadeBy: caller.Actor,
		CreatedAt: env.At.Truncate(time.Microsecond), About: c.About,
	}
	problems := s.fill(&w, Edit{Label: &c.Label, Address: &c.Address, Types: &c.Types})
	if err := domain.Refuse(problems...); err != nil {
		return Created{}, err
	}
	if w.LastEvent, err = s.feed.Now(ctx); err != nil {
		return Created{}, err
	}
	kept, created, err := s.Store.Create(ctx, w, Most)
	switch {
	case err != nil:
		return Created{}, err
	case !created:
		return Created{}, domain.Refuse(tooMany())
	case kept.Label != w.Label || kept.Address != w.Address || !slices.Equal(kept.Types, w.Types) || kept.About != w.About:
		return Created{}, domain.Refuse(domain.Problem{Code: command.CodeIdempotencyReuse, Detail: "The idempotency key was used for another webhook."})
	}
	s.note(ctx, ports.SecurityTokenMade, caller, kept)
	return Created{kept, s.tokens.Webhook(kept.ID, kept.Secret)}, nil
}

// Edit changes a webhook. What is nil stays.
type Edit struct {
	Label   *string
	Address *string
	Types   *[]string
	Enabled *bool
}

// fill puts what was given into a webhook and gives what is wrong with it.
func (s *Service) fill(w *ports.Webhook, e Edit) []domain.Problem {
	var problems []domain.Problem
	if e.Label != nil {
		label, wrong := command.FreeText(*e.Label, maxLabel, CodeLabelInvalid)
		problems = append(problems, domain.At("/label", wrong)...)
		if label == "" && len(wrong) == 0 {
			problems = append(problems, domain.Problem{Pointer: "/label", Code: CodeLabelInvalid, Detail: "A webhook needs a label, to know it by."})
		}
		w.Label = label
	}
	if e.Address != nil {
		if why := s.Sender.Check(*e.Address); why != "" {
			problems = append(problems, addressInvalid(why))
		}
		w.Address = *e.Address
	}
	if e.Types != nil {
		recorded, fallenDue := feed.Types()
		for i, name := range *e.Types {
			_, told := recorded[name]
			if _, due := fallenDue[name]; !told && !due {
				problems = append(problems, typeUnknown("/types/"+strconv.Itoa(i), name))
			}
		}
		w.Types = append([]string{}, *e.Types...)
	}
	return problems
}

// Edit changes a webhook; it needs what Create needs. One that is enabled again goes on
// where it was.
func (s *Service) Edit(ctx context.Context, caller access.Caller, id uuid.UUID, e Edit) (ports.Webhook, error) {
	return s.change(ctx, caller, id, func(w *ports.Webhook) error {
		problems := s.fill(w, e)
		switch {
		case e.Enabled == nil:
		case *e.Enabled:
			w.Ended, w.EndedAt, w.Attempts, w.FailingSince = "", time.Time{}, 0, time.Time{}
		case w.Ended == "":
			w.Ended, w.EndedAt = EndedByHand, s.now()
		}
		return domain.Refuse(problems...)
	})
}

// Rotated is a webhook with its new secret.
type Rotated = Created

// MostOverlap is how long the secret before may sign beside a new one.
const MostOverlap = 7 * 24 * time.Hour

// Rotate gives a webhook another secret, which is shown only here. The one before signs
// beside it for a while, so that whoever checks signatures can change theirs.
// Repeated with the command's id, the answer is the same.
func (s *Service) Rotate(ctx context.Context, caller access.Caller, id uuid.UUID, c command.Command, overlap time.Duration) (Rotated, error) {
	w, err := s.change(ctx, caller, id, func(w *ports.Webhook) error {
		if w.RotatedBy == c.ID {
			return nil
		}
		w.Secret++
		w.RotatedBy = c.ID
		w.FormerUntil = s.now().Add(min(max(overlap, 0), MostOverlap))
		return nil
	})
	if err != nil {
		return Rotated{}, err
	}
	s.note(ctx, ports.SecurityTokenMade, caller, w)
	return Rotated{w, s.tokens.Webhook(w.ID, w.Secret)}, nil
}

// Replay has a webhook go on behind an event, uuid.Nil being before the first: what was
// delivered since comes again, or what stands in the way is passed.
func (s *Service) Replay(ctx context.Context, caller access.Caller, id, behind uuid.UUID) (ports.Webhook, error) {
	if behind != uuid.Nil {
		switch known, err := s.feed.Has(ctx, behind); {
		case err != nil:
			return ports.Webhook{}, err
		case !known:
			// Whoever may not have to do with the webhook is told so first.
			if _, err := s.Get(ctx, caller, id); err != nil {
				return ports.Webhook{}, err
			}
			return ports.Webhook{}, feed.ErrEventUnknown
		}
	}
	return s.change(ctx, caller, id, func(w *ports.Webhook) error {
		w.LastEvent, w.Attempts, w.FailingSince = behind, 0, time.Time{}
		w.Moves++
		if w.Ended == EndedByPosition {
			w.Ended, w.EndedAt = "", time.Time{}
		}
		return nil
	})
}

// change changes a webhook of the account that the caller acts for, and has it go on.
func (s *Service) change(ctx context.Context, caller access.Caller, id uuid.UUID, change func(*ports.Webhook) error) (ports.Webhook, error) {
	account, err := s.manages(ctx, caller)
	if err == nil {
		err = s.access.Fresh(caller)
	}
	if err == nil {
		_, err = s.find(ctx, account, id)
	}
	if err != nil {
		return ports.Webhook{}, err
	}
	w, err := s.Store.Change(ctx, id, change)
	if err == nil && w.Ended == "" {
		err = s.Hurry(ctx, id)
	}
	return w, err
}

// Remove ends a webhook for good.
func (s *Service) Remove(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	account, err := s.manages(ctx, caller)
	if err != nil {
		return err
	}
	w, err := s.find(ctx, account, id)
	if err != nil {
		return err
	}
	if err := s.Store.Remove(ctx, id); err != nil {
		return err
	}
	s.note(ctx, ports.SecurityTokenEnded, caller, w)
	return nil
}

// List are the webhooks of the account that the caller acts for. It needs users.read
// there.
func (s *Service) List(ctx context.Context, caller access.Caller) ([]ports.Webhook, error) {
	account, err := s.account(ctx, caller, rights.UsersRead)
	if err != nil {
		return nil, err
	}
	return s.Store.Of(ctx, account)
}

// Get is one of them.
func (s *Service) Get(ctx context.Context, caller access.Caller, id uuid.UUID) (ports.Webhook, error) {
	account, err := s.account(ctx, caller, rights.UsersRead)
	if err != nil {
		return ports.Webhook{}, err
	}
	return s.find(ctx, account, id)
}

// Deliveries is a page of what was attempted for a webhook, the youngest first.
func (s *Service) Deliveries(ctx context.Context, caller access.Caller, id uuid.UUID, p query.Page) (query.List[ports.Delivery], error) {
	if _, err := s.Get(ctx, caller, id); err != nil {
		return query.List[ports.Delivery]{}, err
	}
	return s.Store.Deliveries(ctx, id, p)
}

func (s *Service) now() time.Time { return s.executor.Clock.Now().UTC().Truncate(time.Microsecond) }
