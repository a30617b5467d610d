package reactions

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters/letterstest"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/user"
)

// The golden files are mails as they arrive; open the HTML in a browser.
func TestMailTexts(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)
	e := eventlog.Recorded{ID: uuid.UUID{1}, Event: order.RenewalOrdered{}, Metadata: eventlog.Metadata{OccurredAt: at}}
	ada, nameless := account.Person{ID: uuid.UUID{2}, Name: "Ada", Email: "ada@x.example"}, account.Person{ID: uuid.UUID{3}, Email: "bo@x.example"}
	north, delta := account.State{UID: uuid.UUID{4}, Name: "North & Radio"}, account.State{UID: uuid.UUID{5}, Name: "Delta <Rail>"}
	o := order.State{UID: uuid.UUID{6}, OrderNumber: "PO-1", Term: calendar.Months(12)}
	var about []order.Line
	for n := range listed + 2 {
		about = append(about, order.Line{SerialNumber: "LD0000000000000" + string(rune('A'+n)), OldEnd: calendar.On(2027, 3, 10), NewEnd: calendar.On(2028, 3, 10)})
	}
	r := release.Request{Answer: release.Granted, ReleaseRequested: release.ReleaseRequested{
		Request: uuid.UUID{7}, Device: uuid.UUID{8}, Requester: uuid.UUID{9}, SerialNumber: "LD00000000000001",
	}}
	asked := e
	asked.Metadata.Reason = "bought <used>"
	const public = "https://fleet.example"
	of := func(event domain.Event) eventlog.Recorded {
		return eventlog.Recorded{Event: event, Metadata: e.Metadata}
	}
	for name, write := range map[string]func() (ports.Mail, error){
		"invitation": func() (ports.Mail, error) {
			return invitationMail(e, ada, delta.Name, at.AddDate(0, 0, 7), public+"/activate/TOKEN")
		},
		"user-invitation": func() (ports.Mail, error) {
			return userInvitationMail(e, nameless, delta.Name, at.AddDate(0, 0, 7), public+"/activate/TOKEN")
		},
		"password-reset": func() (ports.Mail, error) {
			return passwordResetMail(e, ada, at.Add(time.Hour), public+"/reset-password/TOKEN")
		},
		"end-warning": func() (ports.Mail, error) { return endWarningMail(e, at.AddDate(0, 0, 7), north, delta, ada, public) },
		"ordered": func() (ports.Mail, error) {
			return renewalMail(e, ada, "North & Radio", "ordered", o, about, "", public)
		},
		"confirm-email": func() (ports.Mail, error) {
			return emailConfirmationMail(e, ada, at.Add(time.Hour), public+"/confirm-email/TOKEN")
		},
		"other-email": func() (ports.Mail, error) { return emailNoticeMail(e, ada, "ada@y.example", public) },
		"release":     func() (ports.Mail, error) { return releaseRequestMail(asked, ada, r, public) },
		"released":    func() (ports.Mail, error) { return releaseAnswerMail(e, ada, r, public) },
		"factor-added": func() (ports.Mail, error) {
			return factorMail(e, ada, changeOf(of(user.SecondFactorAdded{Kind: user.Passkey, Named: account.Person{Name: "Ada's <stick>"}})), public)
		},
		"token-made": func() (ports.Mail, error) {
			made := user.PersonalTokenMade{Named: account.Person{Name: "CI <main>"}, Expires: at.AddDate(0, 3, 0)}
			return factorMail(e, ada, changeOf(of(made)), public)
		},
		"password-changed": func() (ports.Mail, error) { return factorMail(e, ada, changeOf(of(user.PasswordChanged{})), public) },
		"password-chosen": func() (ports.Mail, error) {
			return factorMail(e, ada, changeOf(of(user.PasswordChanged{Reset: 1})), public)
		},
		"factors-reset": func() (ports.Mail, error) { return factorMail(e, ada, changeOf(of(user.SecondFactorsReset{})), public) },
		"code-used": func() (ports.Mail, error) {
			return factorMail(e, ada, changeOf(of(user.RecoveryCodeUsed{Left: 1})), public)
		},
		"declined": func() (ports.Mail, error) {
			return renewalMail(e, ada, "North & Radio", "declined", o, about[:1], "not <paid>", public)
		},
	} {
		m, err := write()
		require.NoError(t, err, name)
		letterstest.SameWords(t, m.Body, m.HTML)
		letterstest.Golden(t, name+".txt", "To: "+m.To+"\nSubject: "+m.Subject+"\n\n"+m.Body)
		letterstest.Golden(t, name+".html", m.HTML)
	}
}
