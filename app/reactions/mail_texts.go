package reactions

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/people"
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
	m, err := letter(to, subject, l)
	m.ID, m.At, m.Event, m.Kind = e.ID, e.Metadata.OccurredAt, e.ID, e.Event.EventType()
	return m, err
}

// tokenMail is onlyMail for one that carries a token. A version before may have sent one
// about the same event, with a token of its own that is of no use: it is another mail.
func tokenMail(e eventlog.Recorded, to account.Person, subject string, l letters.Letter) (ports.Mail, error) {
	m, err := onlyMail(e, to, subject, l)
	m.ID = uuid.NewSHA1(e.ID, []byte("token"))
	return m, err
}

// letter greets the person, whose own words stand in no other mail's subject as a link.
func letter(to account.Person, subject string, l letters.Letter) (ports.Mail, error) {
	l.Kicker = kicker
	hello := "Hello,"
	if to.Name != "" { // where others have given it, they leave it out
		hello = "Hello " + to.Name + ","
	}
	l.Blocks = append([]letters.Block{{Text: hello}}, l.Blocks...)
	html, err := l.HTML()
	return ports.Mail{To: to.Email, Subject: letters.Harmless(subject), Body: l.Plain(), HTML: html}, err
}

// invitationMail greets nobody by name: whoever invites has given it, and it would stand
// in a mail to a stranger.
func invitationMail(e eventlog.Recorded, to account.Person, name string, expires time.Time, link string) (ports.Mail, error) {
	name, to.Name = letters.Quoted(name), ""
	return tokenMail(e, to, "Activate the account "+name, letters.Letter{
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

// userInvitationMail is like invitationMail.
func userInvitationMail(e eventlog.Recorded, to account.Person, name string, expires time.Time, link string) (ports.Mail, error) {
	name, to.Name = letters.Quoted(name), ""
	return tokenMail(e, to, "Join the account "+name, letters.Letter{
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
	return tokenMail(e, to, "Choose a new password", letters.Letter{
		Title: "Choose a new password",
		Blocks: []letters.Block{
			{Text: "Somebody asked for a new password for you. Choose one until " + instant(expires) + ". That ends all your sessions, API tokens and calendars."},
		},
		Button: letters.Link{Label: "Choose a password", URL: link},
		Why:    []string{"If it was not you, there is nothing to do: the password stays what it is."},
	})
}

func emailConfirmationMail(e eventlog.Recorded, to account.Person, expires time.Time, link string) (ports.Mail, error) {
	return tokenMail(e, to, "Confirm your e-mail address", letters.Letter{
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
		Own:    []string{wanted},
		Button: letters.Link{Label: "Change the password", URL: publicURL + "/security"},
		Why:    []string{"You get this because it is the address that you sign in with."},
	})
	m.ID = uuid.NewSHA1(e.ID, []byte("notice"))
	return m, err
}

// formerGrantMail tells an auditor that the token of a grant has ended.
func formerGrantMail(e eventlog.Recorded, to account.Person) (ports.Mail, error) {
	m, err := onlyMail(e, to, "Your access as an auditor has ended", letters.Letter{
		Title: "Your access as an auditor has ended",
		Blocks: []letters.Block{
			{Text: "The service has made the key anew that tokens are made with, so your token has stopped working. " +
				"Nothing is known of anybody else having used it."},
			{Text: "Ask the operator of the service for a new one."},
		},
		Why: []string{"You get this because the operator has let you read accounts as an auditor."},
	})
	m.ID = uuid.NewSHA1(e.ID, []byte("ended"))
	return m, err
}

// formerTokensMail tells a user which tokens and calendars have ended.
func formerTokensMail(f people.Former, now time.Time, publicURL string) (ports.Mail, error) {
	var ended []letters.Fact
	for _, t := range f.Tokens {
		what := "API token"
		if t.Calendar {
			what = "Calendar"
		}
		ended = append(ended, letters.Fact{Label: what, Value: t.Label})
	}
	m, err := letter(f.Person, "Your tokens and calendars have ended", letters.Letter{
		Title: "Your tokens and calendars have ended",
		Blocks: []letters.Block{
			{Text: "The service has made the key anew that tokens and the addresses of calendars are made with, so these have stopped working. " +
				"Nothing is known of anybody else having used them."},
			{Facts: ended},
			{Text: "Make those anew that you need, and give them to the programs that use them."},
		},
		Button: letters.Link{Label: "Look at my security", URL: publicURL + "/security"},
		Why:    []string{"You get this because you have made them."},
	})
	m.ID, m.At, m.Event, m.Kind = mailID(f), now, mailID(f), "TokensEnded"
	return m, err
}

func endWarningMail(e eventlog.Recorded, until time.Time, reseller, customer account.State, to account.Person, publicURL string) (ports.Mail, error) {
	when, ours, theirs := instant(until), letters.Quoted(reseller.Name), letters.Quoted(customer.Name)
	return mailTo(e, to, fmt.Sprintf("The partnership of %s and %s ends on %s", ours, theirs, when), letters.Letter{
		Title: fmt.Sprintf("The partnership of %s and %s ends on %s", ours, theirs, when),
		Blocks: []letters.Block{
			{Facts: []letters.Fact{{Label: "Reseller", Value: reseller.Name}, {Label: "Customer", Value: customer.Name}, {Label: "Ends by itself", Value: when}}},
			{Text: fmt.Sprintf("From that instant on users of %s have no access to the account of %s. Devices stay where they are, and so do their services.",
				ours, theirs)},
			{Text: fmt.Sprintf("An administrator of %s can set another end, or none.", theirs)},
		},
		Button: letters.Link{Label: "Look at the partners", URL: publicURL + "/partners"},
		Why:    []string{"You get this because you are an administrator of one of the two accounts."},
	})
}
