package notices

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// erased is why a mail to a person who was erased meanwhile is given up.
const erased = "the recipient was erased"

// send prepares a notice and hands its mails to the mailer, but for digests.
func (r *round) send(ctx context.Context, uid uuid.UUID, c customer) error {
	s, err := r.prepare(ctx, uid, c)
	if err != nil || s.Skipped != "" {
		return err
	}
	done := map[uuid.UUID]notice.Delivered{}
	var mails []uuid.UUID
	for _, to := range s.Pending() {
		if to.Digest {
			continue
		}
		person := r.Person(to.Person).Person
		if person.IsGone() || person.Email == "" {
			done[to.Mail] = notice.Delivered{Failed: erased}
			continue
		}
		mail, err := r.noticeMail(s, to)
		if err == nil {
			err = r.options.Mailer.Send(ctx, mail)
		}
		if err != nil {
			return err
		}
		mails = append(mails, to.Mail)
	}
	return r.record(ctx, s.Notice, done, mails, true)
}

// digests hands over the mails of those who want one for all customers.
func (r *round) digests(ctx context.Context, found []customer) error {
	var all []notice.State
	for _, to := range r.People {
		if !to.Digest || !r.HasAdministrator() {
			continue
		}
		if all == nil {
			var err error
			if all, err = r.prepared(ctx, found); err != nil || len(all) == 0 {
				return err
			}
		}
		id, person := notice.MailOf(r.UID, to.Person.ID), to.Person
		done, mails := map[uuid.UUID]notice.Delivered{}, []uuid.UUID{id}
		if person.IsGone() || person.Email == "" {
			done[id], mails = notice.Delivered{Failed: erased}, nil
		} else {
			mail, err := r.digestMail(id, to, all)
			if err == nil {
				err = r.options.Mailer.Send(ctx, mail)
			}
			if err != nil {
				return err
			}
		}
		for _, s := range all {
			if err := r.record(ctx, s.Notice, done, mails, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepared are the notices of the round, as they were recorded.
func (r *round) prepared(ctx context.Context, found []customer) ([]notice.State, error) {
	var all []notice.State
	for _, c := range found {
		if len(c.lines) == 0 {
			continue
		}
		l, err := eventlog.Load(ctx, r.executor.Log, notice.Aggregate, notice.UID(r.reseller.UID, c.uid, r.On))
		if err != nil {
			return nil, err
		}
		if l.State.Exists() && l.State.Skipped == "" {
			all = append(all, l.State)
		}
	}
	return all, nil
}

// record records what is known of mails of a notice. queued: all its own were
// handed over.
func (s *Service) record(ctx context.Context, uid uuid.UUID, done map[uuid.UUID]notice.Delivered, mails []uuid.UUID, queued bool) error {
	outcomes, err := s.options.Outcomes.Outcomes(ctx, mails)
	if err != nil {
		return err
	}
	for mail, o := range outcomes {
		done[mail] = notice.Delivered{Failed: o.Failed}
	}
	_, err = s.delivered(ctx, uid, done, queued)
	return err
}

func (s *Service) delivered(ctx context.Context, uid uuid.UUID, done map[uuid.UUID]notice.Delivered, queued bool) (eventlog.Position, error) {
	r, err := command.Execute(ctx, s.news(), command.On(notice.Aggregate, uid), func(state notice.State) ([]domain.Event, error) {
		return notice.DecideDelivered(state, done, queued)
	})
	return r.Position, err
}

// Settle records what has become of mails that wait for the mail server. The read
// models are at p at least.
func (s *Service) Settle(ctx context.Context, p eventlog.Position) (eventlog.Position, error) {
	pending, err := s.reader.PendingMails(ctx, p)
	if err != nil || len(pending) == 0 {
		return p, err
	}
	mails := make([]uuid.UUID, len(pending))
	for i, m := range pending {
		mails[i] = m.Mail
	}
	outcomes, err := s.options.Outcomes.Outcomes(ctx, mails)
	if err != nil {
		return p, err
	}
	known := map[uuid.UUID]map[uuid.UUID]notice.Delivered{}
	for _, m := range pending {
		o, ok := outcomes[m.Mail]
		if !ok {
			continue
		}
		if known[m.Notice] == nil {
			known[m.Notice] = map[uuid.UUID]notice.Delivered{}
		}
		known[m.Notice][m.Mail] = notice.Delivered(o)
	}
	var failed []error
	for uid, done := range known {
		reached, err := s.delivered(ctx, uid, done, false)
		if err != nil {
			failed = append(failed, err)
		} else if p.Before(reached) {
			p = reached
		}
	}
	return p, errors.Join(failed...)
}
