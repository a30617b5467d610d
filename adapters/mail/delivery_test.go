package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/adapters/mail/smtptest"
	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// post is a table of mails and who works on it.
type post struct {
	*mail.Delivery
	t      *testing.T
	pool   *pgxpool.Pool
	queued []uuid.UUID
}

func newPost(t *testing.T, addr string) *post {
	t.Helper()
	p := &post{t: t, pool: pgtest.Pool(t)}
	store := mails.NewStore(p.pool, sealing.NewKeys(sealing.NewKey()), func(_ context.Context, _ pgx.Tx, id uuid.UUID) error {
		p.queued = append(p.queued, id)
		return nil
	})
	p.Delivery = &mail.Delivery{
		Mails: store, Server: local(t, "smtp://"+addr), GiveUp: time.Hour, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	return p
}

func (p *post) take(m ports.Mail) ports.Mail {
	p.t.Helper()
	require.NoError(p.t, p.Mails.Send(p.t.Context(), m))
	return m
}

// state is a mail's row: its state, whether something of it is kept, how often
// it was tried, and the last error.
func (p *post) state(m ports.Mail) (state string, kept bool, attempts int, lastError string) {
	p.t.Helper()
	require.NoError(p.t, p.pool.QueryRow(p.t.Context(), `SELECT state, sealed IS NOT NULL, attempts, coalesce(last_error, '') FROM ops.mails WHERE id = $1`, m.ID).
		Scan(&state, &kept, &attempts, &lastError))
	return state, kept, attempts, lastError
}

func (p *post) deliver(m ports.Mail) time.Duration {
	p.t.Helper()
	again, err := p.Deliver(p.t.Context(), m.ID)
	require.NoError(p.t, err)
	return again
}

func TestAMailGoesOutOnce(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	p := newPost(t, s.Addr)
	m := p.take(letter())
	other := m
	other.Body = "another text under the same id"
	p.take(other)
	require.Equal(t, []uuid.UUID{m.ID}, p.queued)
	var row string
	require.NoError(t, p.pool.QueryRow(t.Context(), `SELECT to_jsonb(m)::text || encode(sealed, 'escape') FROM ops.mails m`).Scan(&row))
	require.NotContains(t, row, "the-secret-token")
	require.NotContains(t, row, m.To)
	require.Zero(t, p.deliver(m))
	got := <-s.Messages
	require.Equal(t, m.To, got.To)
	require.Contains(t, got.Text, "the-secret-token")
	require.Zero(t, p.deliver(m))
	p.take(m)
	require.Len(t, p.queued, 1, "sent is sent")
	require.Empty(t, s.Messages)
	state, kept, attempts, lastError := p.state(m)
	require.Equal(t, []any{"sent", false, 1, ""}, []any{state, kept, attempts, lastError})
	again, err := p.Deliver(t.Context(), uuid.New())
	require.NoError(t, err)
	require.Zero(t, again)
}

func TestAMailWaitsForTheServer(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	p := newPost(t, s.Addr)
	s.Stop()
	m := p.take(letter())
	first := p.deliver(m)
	require.Positive(t, first)
	require.Greater(t, p.deliver(m)+p.deliver(m), first)
	state, kept, attempts, lastError := p.state(m)
	require.Equal(t, []any{"waiting", true, 3}, []any{state, kept, attempts})
	require.Contains(t, lastError, "refused")

	busy := &smtp.SMTPError{Code: 451, Message: "not now, zoe@customer.example"}
	answers := make(chan error, 2)
	answers <- busy
	answers <- nil
	back := smtptest.Start(t, smtptest.Options{Addr: s.Addr, OnData: func() error { return <-answers }})
	require.Positive(t, p.deliver(m))
	_, _, _, lastError = p.state(m)
	require.Contains(t, lastError, "not now, (recipient)")
	require.Zero(t, p.deliver(m))
	require.Equal(t, m.To, (<-back.Messages).To)
	state, _, attempts, _ = p.state(m)
	require.Equal(t, []any{"sent", 5}, []any{state, attempts})
}

func TestAMailIsGivenUp(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{OnRcpt: func() error {
		return &smtp.SMTPError{Code: 550, Message: "no zoe@customer.example here"}
	}})
	p := newPost(t, s.Addr)
	unknown := p.take(letter())
	require.Zero(t, p.deliver(unknown))
	state, kept, attempts, lastError := p.state(unknown)
	require.Equal(t, []any{"failed", false, 1}, []any{state, kept, attempts})
	require.Contains(t, lastError, "no (recipient) here")
	require.NotContains(t, lastError, unknown.To)

	s.Stop()
	old := p.take(letter())
	require.Positive(t, p.deliver(old))
	_, err := p.pool.Exec(t.Context(), `UPDATE ops.mails SET created_at = now() - interval '61 minutes' WHERE id = $1`, old.ID)
	require.NoError(t, err)
	require.Zero(t, p.deliver(old))
	state, _, attempts, _ = p.state(old)
	require.Equal(t, []any{"failed", 2}, []any{state, attempts})
	p.take(old)
	require.Len(t, p.queued, 2, "given up is given up")
}

// A mail is taken with its job or not at all.
func TestAMailIsTakenInOneStep(t *testing.T) {
	t.Parallel()
	p := newPost(t, "127.0.0.1:1")
	failed := errors.New("no job")
	p.Mails = mails.NewStore(p.pool, sealing.NewKeys(sealing.NewKey()), func(context.Context, pgx.Tx, uuid.UUID) error { return failed })
	m := letter()
	require.ErrorIs(t, p.Mails.Send(t.Context(), m), failed)
	_, err := p.Mails.Waiting(t.Context(), m.ID)
	require.ErrorIs(t, err, query.ErrNotFound)
}

// A stop in the middle is no attempt, and a row that was sealed with another key
// does not come back for ever.
func TestWhatIsNotTheServersFault(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	p := newPost(t, s.Addr)
	m := p.take(letter())
	ctx, stop := context.WithCancel(t.Context())
	p.Server.Dial = func(context.Context, string, string) (net.Conn, error) { stop(); return nil, context.Canceled }
	_, err := p.Deliver(ctx, m.ID)
	require.ErrorIs(t, err, context.Canceled)
	state, kept, attempts, _ := p.state(m)
	require.Equal(t, []any{"waiting", true, 0}, []any{state, kept, attempts})

	p.Mails = mails.NewStore(p.pool, sealing.NewKeys(sealing.NewKey()), nil)
	require.Zero(t, p.deliver(m))
	state, _, _, _ = p.state(m)
	require.Equal(t, "failed", state)
}

// The connection breaks after the server has taken the mail: it is sent again as
// the same mail.
func TestADroppedConnection(t *testing.T) {
	t.Parallel()
	drops := make(chan bool, 2)
	drops <- true
	drops <- false
	s := smtptest.Start(t, smtptest.Options{Drop: func() bool { return <-drops }})
	p := newPost(t, s.Addr)
	m := p.take(letter())
	require.Positive(t, p.deliver(m))
	outcomes, err := p.Mails.Outcomes(t.Context(), []uuid.UUID{m.ID})
	require.NoError(t, err)
	require.Empty(t, outcomes)
	require.Zero(t, p.deliver(m))
	id := "Message-ID: <" + m.ID.String() + "@fleetledger>"
	require.Contains(t, (<-s.Messages).Text, id)
	require.Contains(t, (<-s.Messages).Text, id)
	outcomes, err = p.Mails.Outcomes(t.Context(), []uuid.UUID{m.ID, uuid.New()})
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]ports.MailOutcome{m.ID: {}}, outcomes)
}

func TestWhatIsLeftOutIsNotSent(t *testing.T) {
	t.Parallel()
	p := newPost(t, "127.0.0.1:1")
	m := letter()
	m.LeftOut = "too many"
	p.take(m)
	require.Empty(t, p.queued)
	state, kept, _, why := p.state(m)
	require.Equal(t, []any{"failed", false, "left out: too many"}, []any{state, kept, why})
	p.take(letter())
	require.Len(t, p.queued, 1)
}
