package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

const (
	maxCalendars = 20 // of a user
	// readGrain is how exactly it is kept when a calendar was read last.
	readGrain = time.Minute
)

// CreateCalendar makes a feed of renewals for a calendar program: of the devices of
// an account, uuid.Nil for all that the user reads. A zero ExpiresAt is never.
type CreateCalendar struct {
	command.Command
	Label     string
	Account   uuid.UUID
	ExpiresAt time.Time
}

// Calendar is a calendar with the name of its account, as far as the user may still
// know it.
type Calendar struct {
	ports.Calendar
	AccountName string
}

// CreatedCalendar is a calendar with the token in its address, which is shown only
// here.
type CreatedCalendar struct {
	Calendar
	Token string
}

// CreateCalendar makes a calendar for the caller, who has signed in
// (CodeSessionRequired) and reads the devices of the account. The token follows from
// the command, as that of CreateToken does.
func (s *Service) CreateCalendar(ctx context.Context, caller access.Caller, c CreateCalendar) (CreatedCalendar, error) {
	uid, err := calendarsOf(caller)
	if err != nil {
		return CreatedCalendar{}, err
	}
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, rights.DevicesRead); err != nil {
		return CreatedCalendar{}, err
	}
	if c.Account == uuid.Nil {
		c.Account = caller.ActingFor
	}
	if c.Account != uuid.Nil {
		err = req.Require(ctx, c.Account, rights.DevicesRead)
	} else {
		_, err = req.Scope(ctx, rights.DevicesRead, query.Freshness{})
	}
	if err != nil {
		return CreatedCalendar{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	made, err := c.normalise(env.At)
	if err != nil {
		return CreatedCalendar{}, err
	}
	made.ID, made.User, made.Credential = env.Derive("calendar of "+uid.String()), uid, caller.Credential
	token := s.tokens.Calendar(made.ID)
	kept, created, err := s.options.Store.CreateCalendar(ctx, made, access.Hash(token), maxCalendars)
	switch {
	case err != nil:
		return CreatedCalendar{}, err
	case !created:
		return CreatedCalendar{}, domain.Refuse(domain.Problem{
			Code: CodeTooManyCalendars, Detail: fmt.Sprintf("There are %d calendars already. Revoke one first.", maxCalendars),
		})
	case kept.Label != made.Label || kept.Account != made.Account || !kept.ExpiresAt.Equal(made.ExpiresAt):
		return CreatedCalendar{}, domain.Refuse(domain.Problem{
			Code: command.CodeIdempotencyReuse, Detail: "The idempotency key was used for another calendar.",
		})
	}
	s.noteToken(ctx, ports.SecurityTokenMade, caller, caller.Own(), uid, "calendar "+kept.ID.String())
	shown, err := shownCalendar(ctx, req, kept)
	return CreatedCalendar{Calendar: shown, Token: token}, err
}

// normalise checks the input and gives all its problems at once.
func (c CreateCalendar) normalise(now time.Time) (ports.Calendar, error) {
	made := ports.Calendar{Account: c.Account, CreatedAt: now.Truncate(time.Microsecond)}
	label, problems := command.FreeText(c.Label, maxLabel, CodeLabelInvalid)
	problems = domain.At("/label", problems)
	if label == "" && len(problems) == 0 {
		problems = append(problems, domain.Problem{Pointer: "/label", Code: CodeLabelInvalid, Detail: "A calendar needs a label, to know it by."})
	}
	made.Label = label
	if !c.ExpiresAt.IsZero() {
		made.ExpiresAt = c.ExpiresAt.UTC().Truncate(time.Microsecond)
		if !made.ExpiresAt.After(now) {
			problems = append(problems, domain.Problem{Pointer: "/expiresAt", Code: CodeExpiryInvalid, Detail: "A calendar expires in the future, or never."})
		}
	}
	return made, domain.Refuse(problems...)
}

// calendarsOf is the user whose calendars a caller's are. The operator has none: a
// feed ends with the rights of a user.
func calendarsOf(caller access.Caller) (uuid.UUID, error) {
	if caller.Operator() {
		return uuid.Nil, domain.Refuse(sessionRequired)
	}
	return signedIn(caller)
}

// shownCalendar names the calendar's account where the caller reads its devices.
func shownCalendar(ctx context.Context, req *access.Request, c ports.Calendar) (Calendar, error) {
	shown := Calendar{Calendar: c}
	if c.Account == uuid.Nil {
		return shown, nil
	}
	set, err := req.In(ctx, c.Account)
	if err != nil || !set.Has(rights.DevicesRead) {
		return shown, err
	}
	acc, err := req.Account(ctx, c.Account)
	shown.AccountName = acc.Name
	return shown, err
}

// Calendars are the caller's own that have not ended, newest first; expired ones
// are among them. The caller has signed in (CodeSessionRequired).
func (s *Service) Calendars(ctx context.Context, caller access.Caller) ([]Calendar, error) {
	uid, err := calendarsOf(caller)
	if err != nil {
		return nil, err
	}
	kept, err := s.options.Store.Calendars(ctx, uid)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	found, err := s.user(ctx, uid)
	kept = slices.DeleteFunc(kept, func(c ports.Calendar) bool { return !goesOn(c.Credential, found.State) })
	req, all := s.access.Request(caller), make([]Calendar, len(kept))
	for i := range kept {
		if err == nil {
			all[i], err = shownCalendar(ctx, req, kept[i])
		}
	}
	return all, err
}

// RevokeCalendar ends one of the caller's own calendars. The caller has signed in
// (CodeSessionRequired).
func (s *Service) RevokeCalendar(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	uid, err := calendarsOf(caller)
	if err != nil {
		return err
	}
	if err := s.options.Store.RevokeCalendar(ctx, uid, id, s.now()); err != nil {
		return err
	}
	s.noteToken(ctx, ports.SecurityTokenEnded, caller, caller.Own(), uid, "calendar "+id.String())
	return nil
}

// CalendarCaller is the user of a calendar's token, acting for the calendar's account
// with the rights of this moment, as far as they are needed; query.ErrNotFound for a
// token that no longer exists, or whose user may not enter any more or has another
// password since.
func (s *Service) CalendarCaller(ctx context.Context, token string) (access.Caller, Calendar, error) {
	kept, err := s.options.Store.CalendarByHash(ctx, access.Hash(token))
	if err != nil {
		return access.Caller{}, Calendar{}, err
	}
	now := s.now()
	if !kept.ExpiresAt.IsZero() && !now.Before(kept.ExpiresAt) || !s.tokens.IsCalendar(kept.ID, token) {
		return access.Caller{}, Calendar{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, kept.User)
	if err == nil && !goesOn(kept.Credential, e.user.State) {
		err = query.ErrNotFound
	}
	if err != nil {
		return access.Caller{}, Calendar{}, err
	}
	caller, err := e.caller()
	if err != nil {
		return access.Caller{}, Calendar{}, err
	}
	caller.ActingFor, caller.Limit = kept.Account, rights.Set{rights.DevicesRead}
	shown, err := shownCalendar(ctx, s.access.Request(caller), kept)
	if err == nil && now.Sub(kept.LastReadAt) >= readGrain {
		err = s.options.Store.ReadCalendar(ctx, kept.ID, now)
	}
	return caller, shown, err
}
