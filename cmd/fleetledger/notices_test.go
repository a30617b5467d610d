package main

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail/smtptest"
	"github.com/fleetledger/fleetledger/api/client"
)

// inbox is a mail server with whims that notes what it has taken.
type inbox struct {
	*smtptest.Server
	mu    sync.Mutex
	taken []smtptest.Message
	more  chan struct{} // closed with each message
	whims map[int]error // by message: what it answers instead of taking it
	drops map[int]bool  // and after which it hangs up
	asked int
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	i := &inbox{more: make(chan struct{}), whims: map[int]error{}, drops: map[int]bool{}}
	i.Server = smtptest.Start(t, smtptest.Options{
		OnData: func() error {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.asked++
			return i.whims[i.asked]
		},
		Drop: func() bool {
			i.mu.Lock()
			defer i.mu.Unlock()
			return i.drops[i.asked]
		},
	})
	go func() {
		for m := range i.Messages {
			m.Text = plainMail(m.Text)
			i.mu.Lock()
			i.taken = append(i.taken, m)
			close(i.more)
			i.more = make(chan struct{})
			i.mu.Unlock()
		}
	}()
	return i
}

// wait waits until what was taken is enough.
func (i *inbox) wait(ctx context.Context, enough func([]smtptest.Message) bool) error {
	for {
		i.mu.Lock()
		done, more := enough(i.taken), i.more
		i.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var (
	messageID = regexp.MustCompile(`Message-ID: <([0-9a-f-]{36})@fleetledger>`)
	dueBy     = regexp.MustCompile(`Subject: .* due`)
)

// Months of notices over SMTP, with a server that says no, later, and hangs up, and
// with a service that is killed in the middle of it again and again: everybody gets
// each mail, and whoever gets one twice gets the same.
func TestNoticesOverSMTPSurviveKills(t *testing.T) {
	t.Parallel()
	long(t)
	box := newInbox(t)
	dir, args := t.TempDir(), []string{"--sandbox", "--due-every", "1s", "--smtp-url", "smtp://" + box.Addr, "--mail-from", "Fleetledger <desk@fleet.example>"}
	s, ctx := serve(t, dir, args...), t.Context()
	reseller, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	when(s.operator.AssignChannelContact(ctx, reseller, nil, client.AssignChannelContactJSONRequestBody{Email: "cbm@vendor.example"})).Then(t)
	for n := range 4 {
		customer := s.customer(desk, fmt.Sprintf("Customer %d", n), "complete")
		s.registers(desk, customer, client.Registration{SerialNumber: fmt.Sprintf("LD%014d", n), Imei: new(testIMEI(n))})
	}
	admin := administratorOf("Summit Wireless").Email
	require.NoError(t, box.wait(ctx, func(all []smtptest.Message) bool {
		for _, m := range all {
			if token := activationLink.FindStringSubmatch(m.Text); m.To == admin && token != nil {
				when(s.client("").ActivateAccount(ctx, token[1], client.ActivationRequest{Name: new("Ada"), Password: "correct horse battery"})).Then(t)
				return true
			}
		}
		return false
	}))

	notices := func(all []smtptest.Message) (n int) {
		for _, m := range all {
			if dueBy.MatchString(m.Text) {
				n++
			}
		}
		return n
	}
	target := when(s.operator.GetSandboxClock(ctx)).Then(t).JSON200.Now.AddDate(1, 1, 0).UTC().Format(time.RFC3339)
	move := func(s *service) error {
		_, err := s.operator.MoveSandboxClock(ctx, nil, client.ClockRequest{Now: &target})
		return err
	}
	box.mu.Lock()
	asked := box.asked
	box.whims[asked+3] = &smtp.SMTPError{Code: 451, Message: "not now"}
	box.whims[asked+5] = &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	box.drops[asked+7] = true
	box.mu.Unlock()
	for kills := range 3 {
		moved := make(chan error, 1)
		go func() { moved <- move(s) }()
		require.NoError(t, box.wait(ctx, func(all []smtptest.Message) bool { return notices(all) > 4*kills+1 }))
		s.kill()
		<-moved // it may have come to its end before
		s = serve(t, dir, args...)
	}
	require.NoError(t, move(s))

	// Everything that was to be sent has gone out, or the server did not want it. What it
	// did not want may have arrived all the same: a kill comes between, and the mail is
	// sent again.
	sent, unwanted, refused := map[string]string{}, map[string]string{}, 0
	require.Eventually(t, func() bool {
		s.operator.After(s.operator.Position())
		list := when(s.operator.ListNotices(ctx, &client.ListNoticesParams{Limit: new(1000)})).Then(t).JSON200
		clear(sent)
		refused = 0
		for _, n := range list.Items {
			if n.State == client.NoticeSending {
				return false
			}
			for _, r := range when(s.operator.GetNotice(ctx, n.Id, nil)).Then(t).JSON200.Recipients {
				if r.State == client.NoticeFailed {
					refused++
					unwanted[r.Mail.String()] = r.Person.Email
				} else {
					sent[r.Mail.String()] = r.Person.Email
				}
			}
		}
		return true
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, 1, refused)
	require.Greater(t, len(sent), 20)
	require.NoError(t, box.wait(ctx, func(all []smtptest.Message) bool {
		got := map[string]string{}
		for _, m := range all {
			if id := messageID.FindStringSubmatch(m.Text); dueBy.MatchString(m.Text) {
				require.NotNil(t, id, m.Text)
				uuid.MustParse(id[1])
				if to, again := got[id[1]]; again {
					require.Equal(t, to, m.To, "another mail under the same id")
				}
				if unwanted[id[1]] == m.To {
					continue
				}
				got[id[1]] = m.To
				require.Equal(t, sent[id[1]], m.To, "a mail that nobody knows of")
			}
		}
		return len(got) == len(sent)
	}))
}
