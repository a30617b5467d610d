package mail_test

import (
	"github.com/fleetledger/fleetledger/app/ports"

	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail"
)

func TestOutboxKeepsAMailOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "outbox")
	outbox, err := mail.NewOutbox(dir, "fleetledger@localhost")
	require.NoError(t, err)
	m := ports.Mail{
		ID: uuid.New(), To: "zoë@example.com", Subject: "Your account – ready",
		Body: "https://example.com/activate/abc\n", At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
	}

	require.NoError(t, outbox.Send(t.Context(), m))
	again := m
	again.Body = "another text under the same id"
	require.NoError(t, outbox.Send(t.Context(), again))

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	require.NoError(t, err)
	read, err := netmail.ReadMessage(strings.NewReader(string(text)))
	require.NoError(t, err)
	require.Equal(t, "<"+m.ID.String()+"@fleetledger>", read.Header.Get("Message-ID"))
	require.Contains(t, string(text), "https://example.com/activate/abc")
}

func TestOutboxRefusesABadAddress(t *testing.T) {
	t.Parallel()
	outbox, err := mail.NewOutbox(t.TempDir(), "fleetledger@localhost")
	require.NoError(t, err)
	require.Error(t, outbox.Send(t.Context(), ports.Mail{ID: uuid.New(), To: "nobody\r\nBcc: all@example.com"}))
}

// Of a mail that was left out there is a note: to whom, about what, and why.
func TestANoteOfWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	o, err := mail.NewOutbox(t.TempDir(), from)
	require.NoError(t, err)
	m := letter()
	m.LeftOut = "this address gets no more than 20 mails an hour"
	require.NoError(t, o.Send(t.Context(), m))
	all, err := o.Mails(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, []string{m.To, m.Subject, m.LeftOut}, []string{all[0].To, all[0].Subject, all[0].LeftOut})
	found, err := o.Mail(t.Context(), m.ID)
	require.NoError(t, err)
	require.NotContains(t, found.Body, "the-secret-token")
}
