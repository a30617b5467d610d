package mail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// What was put into the outbox is read as it was: both texts, files, headers.
func TestOutboxIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outbox, err := mail.NewOutbox(dir, from)
	require.NoError(t, err)
	at := time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)
	m := ports.Mail{
		ID: uuid.New(), To: "zoe@example.com", Subject: "Fälle – " + strings.Repeat("long ", 30) + "end", At: at,
		Body: "Grüße,\n\n" + strings.Repeat("a long line ", 30) + "\n.\nend = \n", HTML: "<p>Grüße &amp; mehr</p>\n",
		Attachments: []ports.Attachment{{Name: "renewals_x_2027-03.csv", Type: "text/csv; charset=utf-8", Data: []byte("A,B\r\n1,\"ü\r\n\"\r\n")}},
		Unsubscribe: "https://fleet.example/v1/unsubscriptions/abc",
	}
	plain := ports.Mail{ID: uuid.New(), To: "bo@example.com", Subject: "short", Body: "words\n", At: at.Add(time.Hour)}
	require.NoError(t, outbox.Send(t.Context(), m))
	require.NoError(t, outbox.Send(t.Context(), plain))
	require.NoError(t, os.WriteFile(filepath.Join(dir, uuid.NewString()+".eml"), []byte("no mail"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))

	for range 2 {
		all, err := outbox.Mails(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, []uuid.UUID{plain.ID, m.ID}, []uuid.UUID{all[0].ID, all[1].ID}, "the youngest first")
		require.Equal(t, m.Subject, all[1].Subject)
	}
	got, err := outbox.Mail(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, m.Attachments[0].Data, got.Attachments[0].Data)
	m.Attachments[0].Type = got.Attachments[0].Type // with the name in it
	require.Equal(t, m, got)
	got, err = outbox.Mail(t.Context(), plain.ID)
	require.NoError(t, err)
	require.Equal(t, "words\n", got.Body)
	_, err = outbox.Mail(t.Context(), uuid.New())
	require.ErrorIs(t, err, query.ErrNotFound)

	raw, err := os.ReadFile(filepath.Join(dir, m.ID.String()+".eml"))
	require.NoError(t, err)
	for _, header := range []string{"Auto-Submitted: auto-generated", "List-Unsubscribe: <https://fleet.example/v1/unsubscriptions/abc>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"} {
		require.Contains(t, string(raw), header)
	}
	outcomes, err := outbox.Outcomes(t.Context(), []uuid.UUID{m.ID, uuid.New()})
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]ports.MailOutcome{m.ID: {}}, outcomes)
}
