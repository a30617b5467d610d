package reactions

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
)

// kicker is the line above the title of all mails.
const kicker = "Fleetledger"

// mailTo puts a letter into its envelope. Several persons are mailed about one event:
// the id follows from both. The letter greets the person.
func mailTo(e eventlog.Recorded, to account.Person, subject string, l letters.Letter) (ports.Mail, error) {
	m, err := onlyMail(e, to, subject, l)
	m.ID = uuid.NewSHA1(e.ID, to.ID[:])
	return m, err
}

// onlyMail is mailTo where an event gives cause to one mail.
func onlyMail(e eventlog.Recorded, to account.Person, subject string, l letters.Letter) (ports.Mail, error) {
	l.Kicker = kicker
	hello := "Hello,"
	if to.Name != "" {
		hello = "Hello " + to.Name + ","
	}
	l.Blocks = append([]letters.Block{{Text: hello}}, l.Blocks...)
	html, err := l.HTML()
	return ports.Mail{ID: e.ID, To: to.Email, At: e.Metadata.OccurredAt, Subject: subject, Body: l.Plain(), HTML: html}, err
}

func invitationMail(e eventlog.Recorded, to account.Person, name string, expires time.Time, link string) (ports.Mail, error) {
	return onlyMail(e, to, "Activate the account "+name, letters.Letter{
		Title:   "Activate the account " + name,
		Preview: "Choose a password until " + instant(expires) + ".",
		Blocks: []letters.Block{
			{Text: "An account was opened for " + name + ", and you are its administrator. Choose a password to activate it."},
			{Text: "The link works until " + instant(expires) + ", once."},
		},
		Button: letters.Link{Label: "Activate the account", URL: link},
		Why:    []string{"You get this because the account was opened with your address. If that was a mistake, there is nothing to do."},
	})
}

func userInvitationMail(e eventlog.Recorded, to account.Person, name string, expires time.Time, link string) (ports.Mail, error) {
	return onlyMail(e, to, "Join the account "+name, letters.Letter{
		Title:   "Join the account " + name,
		Preview: "Choose a password until " + instant(expires) + ".",
		Blocks: []letters.Block{
			{Text: "You are invited to join the account of " + name + ". Choose a password to accept."},
			{Text: "The link works until " + instant(expires) + ", once."},
		},
		Button: letters.Link{Label: "Accept the invitation", URL: link},
		Why:    []string{"You get this because an administrator of " + name + " has invited your address. If that was a mistake, there is nothing to do."},
	})
}

func passwordResetMail(e eventlog.Recorded, to account.Person, expires time.Time, link string) (ports.Mail, error) {
	return onlyMail(e, to, "Choose a new password", letters.Letter{
		Title: "Choose a new password",
		Blocks: []letters.Block{
			{Text: "Somebody asked for a new password for you. Choose one until " + instant(expires) + ". That ends all your sessions."},
		},
		Button: letters.Link{Label: "Choose a password", URL: link},
		Why:    []string{"If it was not you, there is nothing to do: the password stays what it is."},
	})
}

func emailConfirmationMail(e eventlog.Recorded, to account.Person, expires time.Time, link string) (ports.Mail, error) {
	return onlyMail(e, to, "Confirm your e-mail address", letters.Letter{
		Title: "Confirm your e-mail address",
		Blocks: []letters.Block{
			{Text: "You asked to sign in with this e-mail address. Confirm it until " + instant(expires) + "."},
		},
		Button: letters.Link{Label: "Confirm the address", URL: link},
		Why:    []string{"If it was not you, there is nothing to do."},
	})
}

func emailNoticeMail(e eventlog.Recorded, to account.Person, wanted, publicURL string) (ports.Mail, error) {
	m, err := onlyMail(e, to, "Another e-mail address was asked for", letters.Letter{
		Title: "Another e-mail address was asked for",
		Blocks: []letters.Block{
			{Text: "Somebody who was signed in as you asked for another e-mail address: " + wanted +
				". Once it is confirmed there, you sign in with that one and no longer with this one."},
			{Text: "If it was not you, change your password now: this ends all other sessions, and the request with them."},
		},
		Button: letters.Link{Label: "Change the password", URL: publicURL + "/security"},
		Why:    []string{"You get this because it is the address that you sign in with."},
	})
	m.ID = uuid.NewSHA1(e.ID, []byte("notice"))
	return m, err
}

func endWarningMail(e eventlog.Recorded, until time.Time, reseller, customer account.State, to account.Person, publicURL string) (ports.Mail, error) {
	when := instant(until)
	return mailTo(e, to, fmt.Sprintf("The partnership of %s and %s ends on %s", reseller.Name, customer.Name, when), letters.Letter{
		Title: fmt.Sprintf("The partnership of %s and %s ends on %s", reseller.Name, customer.Name, when),
		Blocks: []letters.Block{
			{Facts: []letters.Fact{{Label: "Reseller", Value: reseller.Name}, {Label: "Customer", Value: customer.Name}, {Label: "Ends by itself", Value: when}}},
			{Text: fmt.Sprintf("From that instant on users of %s have no access to the account of %s. Devices stay where they are, and so do their services.",
				reseller.Name, customer.Name)},
			{Text: fmt.Sprintf("An administrator of %s can set another end, or none.", customer.Name)},
		},
		Button: letters.Link{Label: "Look at the partners", URL: publicURL + "/partners"},
		Why:    []string{"You get this because you are an administrator of one of the two accounts."},
	})
}
