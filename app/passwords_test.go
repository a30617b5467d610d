package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/user"
)

// resetQueue keeps what is queued for the test to run.
type resetQueue struct {
	mu     sync.Mutex
	queued []queuedReset
}

type queuedReset struct {
	reservation string
	command     uuid.UUID
	user        uuid.UUID // whose password is reset; uuid.Nil: nobody's
}

func (q *resetQueue) QueuePasswordReset(_ context.Context, reservation string, id uuid.UUID, _ string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queued = append(q.queued, queuedReset{reservation: reservation, command: id})
	return nil
}

const newPassword = "a whole new staple"

// opens reports whether somebody signs in with a password, and is in then.
func (m *team) opens(email, password string) bool {
	m.t.Helper()
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password})
	if err != nil {
		refused(m.t, err, people.CodeSignInFailed)
		return false
	}
	_, err = m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(m.t, err)
	return true
}

// session is a session of the first administrator.
func (m *team) session() (caller access.Caller, token string) { return m.sessionOf(m.email) }

func (m *team) sessionOf(email string) (caller access.Caller, token string) {
	m.t.Helper()
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password})
	require.NoError(m.t, err)
	caller, err = m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(m.t, err)
	return caller, in.Token
}

func (m *team) over(token string) {
	m.t.Helper()
	_, err := m.People.SessionCaller(m.ctx, token)
	require.ErrorIs(m.t, err, query.ErrNotFound)
}

func changing(current, next string) people.ChangePassword {
	return people.ChangePassword{Command: newCommand(), Current: current, Password: next}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	own, token := m.session()
	_, other := m.session()
	personal, err := m.People.CreateToken(m.ctx, own, people.CreateToken{
		Command: newCommand(), Label: "ci", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0),
	})
	require.NoError(t, err)
	_, err = m.People.ChangePassword(m.ctx, own, changing("wrong horse battery", newPassword))
	refused(t, err, user.CodePasswordWrong)
	_, err = m.People.ChangePassword(m.ctx, own, changing(password, "short"))
	refused(t, err, user.CodePasswordTooShort)
	ci, err := m.People.TokenCaller(m.ctx, personal.Token)
	require.NoError(t, err)
	for _, c := range []access.Caller{ci, administratorOf(m.account), operator()} {
		_, err = m.People.ChangePassword(m.ctx, c, changing(password, newPassword))
		refused(t, err, people.CodeSessionRequired)
	}

	c := changing(password, newPassword)
	done, err := m.People.ChangePassword(m.ctx, own, c)
	require.NoError(t, err)
	again, err := m.People.ChangePassword(m.ctx, own, c)
	require.NoError(t, err)
	require.Equal(t, done.Revision, again.Revision, "the same command")
	c.Password += " again"
	_, err = m.People.ChangePassword(m.ctx, own, c)
	refused(t, err, command.CodeIdempotencyReuse)

	m.over(other)
	_, err = m.People.SessionCaller(m.ctx, token)
	require.NoError(t, err, "the one it was changed in goes on")
	_, err = m.People.TokenCaller(m.ctx, personal.Token)
	require.ErrorIs(t, err, query.ErrNotFound, "personal tokens end")
	all, err := m.People.Sessions(m.ctx, own)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.False(t, m.opens(m.email, password))
	require.True(t, m.opens(m.email, newPassword))

	// A stolen session does not find out the password.
	for range 4 { // and the one before
		_, err = m.People.ChangePassword(m.ctx, own, changing("wrong horse battery", "yet another staple"))
		refused(t, err, user.CodePasswordWrong)
	}
	var many *people.TooManyAttempts
	_, err = m.People.ChangePassword(m.ctx, own, changing(newPassword, "yet another staple"))
	require.ErrorAs(t, err, &many)
}

// Of several at once one wins, and its password is the one that opens.
func TestChangesOfAPasswordAtOnce(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	own, _ := m.session()
	errs := make([]error, 4)
	concurrently(4, func(i int) {
		_, errs[i] = m.People.ChangePassword(m.ctx, own, changing(password, fmt.Sprint(newPassword, i)))
	})
	winners := 0
	for i, err := range errs {
		if err == nil {
			winners++
		} else {
			refused(t, err, user.CodePasswordWrong)
		}
		require.Equal(t, err == nil, m.opens(m.email, fmt.Sprint(newPassword, i)))
	}
	require.Equal(t, 1, winners)
	require.False(t, m.opens(m.email, password))
}

// stubborn is a store in a process that dies with its nth write about credentials.
type stubborn struct {
	ports.PeopleStore
	left int
}

func (s *stubborn) dies() bool { s.left--; return s.left <= 0 }

func (s *stubborn) PutCredential(ctx context.Context, id, uid uuid.UUID, hash string, at time.Time) error {
	if s.dies() {
		return errDead
	}
	return s.PeopleStore.PutCredential(ctx, id, uid, hash, at)
}

func (s *stubborn) DropCredential(ctx context.Context, id uuid.UUID) error {
	if s.dies() {
		return errDead
	}
	return s.PeopleStore.DropCredential(ctx, id)
}

func (s *stubborn) CarryOver(ctx context.Context, session, credential uuid.UUID) error {
	if s.dies() {
		return errDead
	}
	return s.PeopleStore.CarryOver(ctx, session, credential)
}

// Wherever a change dies, one of the two passwords opens and the other does not,
// and with the new one no other session goes on.
func TestCrashesOfChangePassword(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	for _, died := range []struct {
		when          string
		event         *life // of the process's log
		write         int   // the one about credentials that it dies with
		changed, lost bool
	}{
		{"before the hash is kept", nil, 1, false, false},
		{"before the event", &life{left: 1, before: true}, 10, false, false},
		{"after the event", &life{left: 1}, 10, true, true},
		{"before the session is carried over", nil, 2, true, true},
		{"before the old hash is dropped", nil, 3, true, false},
	} {
		email := uuid.NewString() + "@x.example"
		m.join(email, false, "full")
		own, token := m.sessionOf(email)
		_, other := m.sessionOf(email)
		log := m.log
		if died.event != nil {
			log = mortalLog{m.log, died.event}
		}
		on := m.with(log, func(d *app.Dependencies) { d.People.Store = &stubborn{d.People.Store, died.write} })
		_, _ = on.People.ChangePassword(m.ctx, own, changing(password, newPassword))
		m.later()
		require.Equal(t, died.changed, m.opens(email, newPassword), died.when)
		require.Equal(t, !died.changed, m.opens(email, password), died.when)
		_, err := m.People.SessionCaller(m.ctx, other)
		require.Equal(t, died.changed, errors.Is(err, query.ErrNotFound), died.when)
		_, err = m.People.SessionCaller(m.ctx, token)
		require.Equal(t, died.lost, errors.Is(err, query.ErrNotFound), died.when)
	}
}

// forgotten asks for a reset, and has the job done.
func (m *team) forgotten(email string) queuedReset {
	m.t.Helper()
	require.NoError(m.t, m.People.RequestPasswordReset(m.ctx, people.RequestReset{Command: newCommand(), Email: email, Address: "192.0.2.1"}))
	job := m.resets.queued[len(m.resets.queued)-1]
	before := len(m.everything())
	require.NoError(m.t, m.People.AnswerResetRequest(m.ctx, job.reservation, job.command, ""))
	for _, e := range m.everything()[before:] {
		if asked, ok := e.Event.(user.PasswordResetRequested); ok {
			job.user = asked.User
		}
	}
	return job
}

// resetMails are the mails that the resets in the log give cause to send now.
func (m *team) resetMails() []ports.Mail {
	m.t.Helper()
	box := &letterbox{}
	events := slices.DeleteFunc(m.everything(), func(e eventlog.Recorded) bool {
		return e.Event.EventType() != user.PasswordResetRequested{}.EventType()
	})
	require.NoError(m.t, m.Mailings(box, "https://fleet.example").HandleBatch(m.ctx, eventlog.Batch{Events: events}))
	return box.mails
}

// A request looks nobody up before it is answered, so that nothing in how long it takes
// tells whether an address is known.
func TestRequestsForAResetReadNothing(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	l := &countingLog{Log: m.log}
	on := m.with(l, func(*app.Dependencies) {})
	for _, email := range []string{m.email, "nobody@x.example", "no address"} {
		require.NoError(t, on.People.RequestPasswordReset(m.ctx, people.RequestReset{Command: newCommand(), Email: email, Address: "192.0.2.1"}))
	}
	require.Empty(t, l.reads)
	require.Len(t, m.resets.queued, 3)
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	_, session := m.session()
	uid := uuid.MustParse(m.admin.Actor.ID)
	m.forgotten(m.email)
	old := m.Tokens.PasswordReset(uid, 1)
	job := m.forgotten(m.email)
	require.NoError(t, m.People.AnswerResetRequest(m.ctx, job.reservation, job.command, ""), "the job again is the same reset")
	require.Equal(t, 2, m.user(uid).Reset.Number)
	token := m.Tokens.PasswordReset(uid, 2)
	mails := m.resetMails()
	require.Len(t, mails, 1, "the latest only")
	require.Equal(t, m.email, mails[0].To)
	require.Contains(t, mails[0].Body, "https://fleet.example/reset-password/"+token)
	shown, err := m.People.PasswordReset(m.ctx, token)
	require.NoError(t, err)
	require.Equal(t, people.PasswordReset{Expires: m.clock.Now().Add(time.Hour), PasswordMinimum: 12}, shown)

	reset := func(token, password string) error {
		_, err := m.People.ResetPassword(m.ctx, token, people.ResetPassword{Command: newCommand(), Password: password})
		return err
	}
	for _, wrong := range []string{old, "", "guess", m.Tokens.PasswordReset(uuid.New(), 2), m.Tokens.UserInvitation(uid, 2)} {
		require.ErrorIs(t, reset(wrong, newPassword), query.ErrNotFound)
		_, err := m.People.PasswordReset(m.ctx, wrong)
		require.ErrorIs(t, err, query.ErrNotFound)
	}
	refused(t, reset(token, "short"), user.CodePasswordTooShort)
	_, err = m.People.SessionCaller(m.ctx, session)
	require.NoError(t, err, "asking alone changes nothing")

	for range 6 { // whoever has tried too often gets in with the new password
		_, _ = m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: "wrong horse battery"})
	}
	require.NoError(t, reset(token, newPassword))
	m.over(session)
	require.True(t, m.opens(m.email, newPassword))
	require.False(t, m.opens(m.email, password))
	require.ErrorIs(t, reset(token, "yet another staple"), query.ErrNotFound, "once")
	require.Empty(t, m.resetMails())

	m.clock.Advance(15 * time.Minute)
	m.forgotten(m.email)
	m.clock.Advance(time.Hour)
	refused(t, reset(m.Tokens.PasswordReset(uid, 3), "yet another staple"), user.CodeResetExpired)
	require.Empty(t, m.resetMails())

	for _, e := range m.everything() {
		_, _, data, err := eventlog.Codec.Encode(e.Event)
		require.NoError(t, err)
		for _, secret := range []string{"argon2", newPassword, token} {
			require.NotContains(t, string(data), secret)
		}
	}
}

// The answer tells nothing, and only somebody who may enter gets a mail.
func TestWhoseForgottenPasswordIsReset(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.invite("pending@x.example", true)
	gone := m.join("gone@x.example", false, "full")
	erased := m.join("erased@x.example", false, "full")
	m.forgotten("gone@x.example")
	late := m.Tokens.PasswordReset(gone, 1)
	_, err := m.People.Deactivate(m.ctx, m.admin, m.about(gone))
	require.NoError(t, err)
	m.forgotten("erased@x.example")
	_, err = m.People.Erase(m.ctx, operator(), erased, newCommand())
	require.NoError(t, err)
	for _, email := range []string{"pending@x.example", "gone@x.example", "erased@x.example", "nobody@x.example", "no address", ""} {
		require.Equal(t, uuid.Nil, m.forgotten(email).user, email)
	}
	require.Empty(t, m.resetMails())
	for _, token := range []string{late, m.Tokens.PasswordReset(erased, 1)} {
		_, err = m.People.ResetPassword(m.ctx, token, people.ResetPassword{Command: newCommand(), Password: newPassword})
		require.ErrorIs(t, err, query.ErrNotFound)
	}

	ask := func(email, address string) error {
		return m.People.RequestPasswordReset(m.ctx, people.RequestReset{Command: newCommand(), Email: email, Address: address})
	}
	var many *people.TooManyAttempts
	for _, email := range []string{m.email, "somebody@x.example"} {
		for i := range 5 {
			require.NoError(t, ask(email, fmt.Sprint("198.51.100.", i)))
		}
		require.ErrorAs(t, ask(email, "198.51.100.9"), &many)
	}
	for i := range 12 { // and eight above
		require.NoError(t, ask(fmt.Sprint(i, "@x.example"), "192.0.2.1"))
	}
	require.ErrorAs(t, ask("other@x.example", "192.0.2.1"), &many)
	require.True(t, m.opens(m.email, password), "signing in is counted apart")
}

// Of several who hold the token at once one chooses the password.
func TestResetsOfAPasswordAtOnce(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := uuid.MustParse(m.admin.Actor.ID)
	m.forgotten(m.email)
	token := m.Tokens.PasswordReset(uid, 1)
	errs := make([]error, 4)
	concurrently(4, func(i int) {
		_, errs[i] = m.People.ResetPassword(m.ctx, token, people.ResetPassword{Command: newCommand(), Password: fmt.Sprint(newPassword, i)})
	})
	winners := 0
	for i, err := range errs {
		if err == nil {
			winners++
		} else if !errors.Is(err, query.ErrNotFound) {
			refused(t, err, user.CodeResetUnknown)
		}
		require.Equal(t, err == nil, m.opens(m.email, fmt.Sprint(newPassword, i)))
	}
	require.Equal(t, 1, winners)
}
