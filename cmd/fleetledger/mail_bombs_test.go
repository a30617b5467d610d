package main

import (
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	netmail "net/mail"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail/smtptest"
	"github.com/fleetledger/fleetledger/api/client"
)

// Two hundred resends to a stranger are as many mails as one address gets in an hour, and
// a name that its owner made to be a trap is one that nobody falls into: in the mail server's
// hands it is no link, no header and no other text.
func TestMailBombs(t *testing.T) {
	t.Parallel()
	const name = "=?utf-8?Q?Your_bill?= at https://evil.example/pay or www.evil.example"
	const resends, most = 200, 5
	server := smtptest.Start(t, smtptest.Options{})
	s := serve(t, t.TempDir(), "--smtp-url", "smtp://"+server.Addr, "--mail-from", "Fleetledger <desk@fleet.example>",
		"--mails-per-recipient", strconv.Itoa(most))
	_, token := s.reseller("Summit Wireless")
	<-server.Messages
	desk, ctx := s.client(token), t.Context()
	created := when(desk.CreateCustomer(ctx, nil, client.NewCustomer{Name: name, Administrator: client.Administrator{Email: "stranger@far.example", Name: new(name)}})).
		Then(t).JSON201
	sent, refused := 1, 0
	for range resends {
		_, err := desk.ResendInvitation(ctx, created.Uid, nil, client.Reason{})
		if err == nil {
			sent++
			continue
		}
		refused++
		problem, ok := errors.AsType[*client.Problem](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, http.StatusTooManyRequests, problem.Status)
		require.Equal(t, []string{"too_many_mails"}, problem.Codes())
		seconds, err := strconv.Atoi(problem.Header.Get("Retry-After"))
		require.NoError(t, err)
		require.Greater(t, seconds, 3000)
	}
	require.Equal(t, []int{most, resends + 1 - most}, []int{sent, refused})
	for range most {
		got := <-server.Messages
		require.Equal(t, "stranger@far.example", got.To)
		message, err := netmail.ReadMessage(strings.NewReader(got.Text))
		require.NoError(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, "Activate the account “=?utf-8?Q?Your_bill?= at https[:]//evil[.]example/pay or www[.]evil[.]example”", subject)
		body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
		require.NoError(t, err)
		require.NotContains(t, string(body), "://evil")
		require.NotContains(t, string(body), "evil.example")
		require.Contains(t, string(body), "\r\nHello,\r\n", "not by the name that others gave")
	}
	require.Empty(t, server.Messages)
}
