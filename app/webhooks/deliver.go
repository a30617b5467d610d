package webhooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

const (
	// turn is how long a webhook is worked on before others have theirs.
	turn = 20 * time.Second
	// claimLife is more than a turn and an attempt take.
	claimLife = time.Minute
	// elsewhere is when to look again at a webhook that another job works on.
	elsewhere = time.Second
	// recordTime is how long recording a result may take.
	recordTime = 3 * time.Second
)

var pauses = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
}

func (s *Service) pauseAfter(attempts int) time.Duration {
	return s.Pauses[min(max(attempts, 1), len(s.Pauses))-1]
}

// Deliver tells a webhook of the events that are next, until there are none, one cannot be
// delivered, or its turn is over. It gives when to go on; zero: with the next event.
// Several calls at once do no harm: one has the turn.
func (s *Service) Deliver(ctx context.Context, id uuid.UUID) (again time.Duration, err error) {
	w, claimed, err := s.Store.Claim(ctx, id, claimLife)
	if err != nil {
		return 0, err
	}
	if !claimed {
		if known, err := s.Store.Get(ctx, id); err != nil || known.Ended != "" {
			return 0, notThere(err)
		}
		return elsewhere, nil
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
		defer cancel()
		err = errors.Join(err, s.Store.Unclaim(ending, id))
	}()
	switch over, err := s.accountEnded(ctx, w); {
	case err != nil:
		return 0, err
	case over:
		return 0, s.end(ctx, w, EndedByAccount)
	}
	reading, err := s.feed.Open(ctx, caller(w), feed.Query{After: w.LastEvent, Types: w.Types, Account: w.About, Limit: 1})
	if errors.Is(err, feed.ErrEventUnknown) {
		return 0, s.end(ctx, w, EndedByPosition)
	}
	if err != nil {
		return 0, err
	}
	turning, over := context.WithTimeout(ctx, turn)
	defer over()
	for turning.Err() == nil {
		var more bool
		if w, again, more, err = s.deliverNext(ctx, w, reading); err != nil || !more {
			return again, err
		}
	}
	return time.Millisecond, ctx.Err()
}

// deliverNext delivers the next event; more reports whether there may be another one.
func (s *Service) deliverNext(ctx context.Context, w ports.Webhook, reading *feed.Reading) (_ ports.Webhook, again time.Duration, more bool, err error) {
	events, err := reading.Next(ctx)
	if err != nil {
		return w, 0, false, err
	}
	if len(events) == 0 {
		last, err := reading.Behind(ctx)
		if err == nil && last != uuid.Nil && last != w.LastEvent {
			err = s.Store.Passed(ctx, w, last)
		}
		return w, 0, false, err
	}
	e := events[0]
	body, err := s.Encode(e)
	if err != nil {
		return w, 0, false, fmt.Errorf("event %s: %w", e.ID, err)
	}
	d, err := s.Sender.Send(ctx, w.Address, ports.WebhookMessage{ID: e.ID, Body: body, Secrets: s.secrets(w, s.now())})
	if err != nil {
		return w, 0, false, err
	}
	d.Message, d.Type, d.Attempt = e.ID, e.Type, w.Attempts+1
	// A stop that comes now must not make it come again.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	before := w
	if w, err = s.Store.Delivered(recording, w, d); err != nil {
		return w, 0, false, notThere(err)
	}
	switch {
	case d.Failure == "":
		return w, 0, w.Ended == "" && w.Moves == before.Moves && w.Address == before.Address, nil
	case d.Status == http.StatusGone:
		return w, 0, false, s.end(recording, w, EndedByAnswer)
	case w.Failing >= s.GiveUp:
		return w, 0, false, s.end(recording, w, EndedByFailures)
	}
	return w, s.pauseAfter(w.Attempts), false, nil
}

// notThere is no error where a webhook was removed meanwhile.
func notThere(err error) error {
	if errors.Is(err, query.ErrNotFound) {
		return nil
	}
	return err
}

// accountEnded reports whether nobody of the account is let in any more.
func (s *Service) accountEnded(ctx context.Context, w ports.Webhook) (bool, error) {
	if w.Account == uuid.Nil {
		return false, nil
	}
	own, err := s.access.Request(caller(w)).Account(ctx, w.Account)
	return err == nil && !own.InUseAt(s.now()), err
}

// end disables a webhook and tells its administrators.
func (s *Service) end(ctx context.Context, w ports.Webhook, why string) error {
	ended, err := s.Store.Change(ctx, w.ID, func(w *ports.Webhook) error {
		if w.Ended == "" {
			w.Ended, w.EndedAt = why, s.now()
		}
		return nil
	})
	if err != nil {
		return notThere(err)
	}
	s.logger().WarnContext(ctx, "a webhook is disabled", "webhook", w.ID, "account", w.Account, "why", why)
	return s.tell(ctx, ended)
}

// Test sends a webhook a message of its own, signed as all are, and gives what became of
// it. Nothing is tried again.
func (s *Service) Test(ctx context.Context, by access.Caller, id uuid.UUID) (ports.Delivery, error) {
	account, err := s.manages(ctx, by)
	if err != nil {
		return ports.Delivery{}, err
	}
	w, err := s.find(ctx, account, id)
	if err != nil {
		return ports.Delivery{}, err
	}
	e := feed.Event{
		ID: uuid.New(), Type: testType, Version: 1, Subject: "webhook-" + w.ID.String(), At: s.now(), Account: w.Account, Revision: -1,
		Actor: domain.Actor{Kind: by.Actor.Kind}, Computed: true, Data: []byte(`{"webhook":"` + w.ID.String() + `"}`),
	}
	body, err := s.Encode(e)
	if err != nil {
		return ports.Delivery{}, err
	}
	d, err := s.Sender.Send(ctx, w.Address, ports.WebhookMessage{ID: e.ID, Body: body, Secrets: s.secrets(w, s.now())})
	if err != nil {
		return d, err
	}
	d.Message, d.Type, d.Attempt = e.ID, e.Type, 1
	return s.Store.Tested(ctx, w.ID, d)
}

// testType is that of the message of a test. No event has it.
const testType = "WebhookTested"
