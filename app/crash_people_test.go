package app_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
)

// mortalPeople is the store of secrets of a process that dies.
type mortalPeople struct {
	ports.PeopleStore
	life *life
}

func (m mortalPeople) PutCredential(ctx context.Context, id, user uuid.UUID, hash string, at time.Time) error {
	return m.life.write(func() error { return m.PeopleStore.PutCredential(ctx, id, user, hash, at) })
}

func (m mortalPeople) SaveView(ctx context.Context, v ports.View, most int) (saved bool, err error) {
	err = m.life.write(func() error {
		saved, err = m.PeopleStore.SaveView(ctx, v, most)
		return err
	})
	return saved, err
}

func (m mortalPeople) RemoveView(ctx context.Context, user, id uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.RemoveView(ctx, user, id) })
}

func (m mortalPeople) DropCredential(ctx context.Context, id uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.DropCredential(ctx, id) })
}

func (m mortalPeople) KeepCredential(ctx context.Context, user, id uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.KeepCredential(ctx, user, id) })
}

func (m mortalPeople) CountAttempt(ctx context.Context, subject []byte, now time.Time, window time.Duration) (count int, ends time.Time, err error) {
	err = m.life.write(func() error {
		count, ends, err = m.PeopleStore.CountAttempt(ctx, subject, now, window)
		return err
	})
	return count, ends, err
}

func (m mortalPeople) ForgetAttempts(ctx context.Context, subject []byte) error {
	return m.life.write(func() error { return m.PeopleStore.ForgetAttempts(ctx, subject) })
}

func (m mortalPeople) ForgiveAttempt(ctx context.Context, subject []byte) error {
	return m.life.write(func() error { return m.PeopleStore.ForgiveAttempt(ctx, subject) })
}

func (m mortalPeople) RememberSignIn(ctx context.Context, subject []byte, user uuid.UUID, at time.Time) error {
	return m.life.write(func() error { return m.PeopleStore.RememberSignIn(ctx, subject, user, at) })
}

func (m mortalPeople) CreateSession(ctx context.Context, s ports.Session, tokenHash []byte) error {
	return m.life.write(func() error { return m.PeopleStore.CreateSession(ctx, s, tokenHash) })
}

func (m mortalPeople) EndSession(ctx context.Context, user, id uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.EndSession(ctx, user, id) })
}

func (m mortalPeople) EndSessions(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.EndSessions(ctx, user, before, but) })
}

func (m mortalPeople) RevokeTokens(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID) (ended []uuid.UUID, err error) {
	err = m.life.write(func() error {
		ended, err = m.PeopleStore.RevokeTokens(ctx, user, before, but)
		return err
	})
	return ended, err
}

func (m mortalPeople) CreateToken(ctx context.Context, t ports.PersonalToken, tokenHash []byte) (kept ports.PersonalToken, err error) {
	err = m.life.write(func() error {
		kept, err = m.PeopleStore.CreateToken(ctx, t, tokenHash)
		return err
	})
	return kept, err
}

func (m mortalPeople) RevokeToken(ctx context.Context, user, id uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.RevokeToken(ctx, user, id) })
}

func (m mortalPeople) CreateCalendar(ctx context.Context, c ports.Calendar, tokenHash []byte, most int) (kept ports.Calendar, created bool, err error) {
	err = m.life.write(func() error {
		kept, created, err = m.PeopleStore.CreateCalendar(ctx, c, tokenHash, most)
		return err
	})
	return kept, created, err
}

func (m mortalPeople) ReadCalendar(ctx context.Context, id uuid.UUID, at time.Time) error {
	return m.life.write(func() error { return m.PeopleStore.ReadCalendar(ctx, id, at) })
}

func (m mortalPeople) EndTokens(ctx context.Context, ids []uuid.UUID, at time.Time) error {
	return m.life.write(func() error { return m.PeopleStore.EndTokens(ctx, ids, at) })
}

func (m mortalPeople) RevokeCalendar(ctx context.Context, user, id uuid.UUID, at time.Time) error {
	return m.life.write(func() error { return m.PeopleStore.RevokeCalendar(ctx, user, id, at) })
}

func (m mortalPeople) RevokeCalendars(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID, at time.Time) (ended []uuid.UUID, err error) {
	err = m.life.write(func() error {
		ended, err = m.PeopleStore.RevokeCalendars(ctx, user, before, but, at)
		return err
	})
	return ended, err
}

func (m mortalPeople) BindIdentity(ctx context.Context, issuer string, subject []byte, user uuid.UUID, at time.Time) (bound uuid.UUID, err error) {
	err = m.life.write(func() error {
		bound, err = m.PeopleStore.BindIdentity(ctx, issuer, subject, user, at)
		return err
	})
	return bound, err
}

func (m mortalPeople) DropIdentities(ctx context.Context, user uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.DropIdentities(ctx, user) })
}

func (m mortalPeople) Forget(ctx context.Context, user uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.Forget(ctx, user) })
}

func (m mortalPeople) CarryOver(ctx context.Context, session, credential uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.CarryOver(ctx, session, credential) })
}

func (m mortalPeople) ProveSession(ctx context.Context, session, factor uuid.UUID) error {
	return m.life.write(func() error { return m.PeopleStore.ProveSession(ctx, session, factor) })
}

func (m mortalPeople) RenewSession(ctx context.Context, session uuid.UUID, at time.Time) error {
	return m.life.write(func() error { return m.PeopleStore.RenewSession(ctx, session, at) })
}

func (m mortalPeople) UseSession(ctx context.Context, session uuid.UUID, use ports.Use) error {
	return m.life.write(func() error { return m.PeopleStore.UseSession(ctx, session, use) })
}

func (m mortalPeople) UseToken(ctx context.Context, token uuid.UUID, use ports.Use) error {
	return m.life.write(func() error { return m.PeopleStore.UseToken(ctx, token, use) })
}

// mortalTokens are the tokens of accounts of a process that dies.
type mortalTokens struct {
	ports.AccountTokens
	life *life
}

func (m mortalTokens) Revoke(ctx context.Context, account, id uuid.UUID, at time.Time) error {
	return m.life.write(func() error { return m.AccountTokens.Revoke(ctx, account, id, at) })
}

func (m mortalTokens) RevokeAll(ctx context.Context, account uuid.UUID, upTo time.Time) error {
	return m.life.write(func() error { return m.AccountTokens.RevokeAll(ctx, account, upTo) })
}
