package reactions

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
)

func invitationMail(e eventlog.Recorded, to account.Person, name string, expires time.Time, link string) ports.Mail {
	return ports.Mail{
		ID: e.ID, To: to.Email, At: e.Metadata.OccurredAt, Subject: "Activate the account " + name,
		Body: fmt.Sprintf(`Hello %s,

an account was opened for %s, and you are its administrator.
Activate it until %s:

%s

(GET shows the invitation, POST {"name": "YOUR NAME", "password": "..."} accepts it.)
`, to.Name, name, instant(expires), link),
	}
}

func userInvitationMail(e eventlog.Recorded, to account.Person, name string, expires time.Time, link string) ports.Mail {
	return ports.Mail{
		ID: e.ID, To: to.Email, At: e.Metadata.OccurredAt, Subject: "Join the account " + name,
		Body: fmt.Sprintf(`Hello %s,

you are invited to join the account of %s.
Accept until %s:

%s

(GET shows the invitation, POST {"name": "YOUR NAME", "password": "..."} accepts it.)
`, to.Name, name, instant(expires), link),
	}
}

func passwordResetMail(e eventlog.Recorded, to account.Person, expires time.Time, link string) ports.Mail {
	return ports.Mail{
		ID: e.ID, To: to.Email, At: e.Metadata.OccurredAt, Subject: "Choose a new password",
		Body: fmt.Sprintf(`Hello %s,

somebody asked for a new password for you. Choose one until %s:

%s

(POST {"password": "..."} sets it and ends all your sessions.)

If it was not you, there is nothing to do: the password stays what it is.
`, to.Name, instant(expires), link),
	}
}

func emailConfirmationMail(e eventlog.Recorded, to account.Person, expires time.Time, link string) ports.Mail {
	return ports.Mail{
		ID: e.ID, To: to.Email, At: e.Metadata.OccurredAt, Subject: "Confirm your e-mail address",
		Body: fmt.Sprintf(`Hello %s,

you asked to sign in with this e-mail address. Confirm it until %s:

%s

If it was not you, there is nothing to do.
`, to.Name, instant(expires), link),
	}
}

func emailNoticeMail(e eventlog.Recorded, to account.Person, wanted string) ports.Mail {
	return ports.Mail{
		ID: uuid.NewSHA1(e.ID, []byte("notice")), To: to.Email, At: e.Metadata.OccurredAt, Subject: "Another e-mail address was asked for",
		Body: fmt.Sprintf(`Hello %s,

somebody who was signed in as you asked for another e-mail address: %s.
Once it is confirmed there, you sign in with that one and no longer with this one.

If it was not you, change your password now: this ends all other sessions, and
the request with them.
`, to.Name, wanted),
	}
}

func endWarningMail(e eventlog.Recorded, until time.Time, reseller, customer account.State, to account.Person, publicURL string) ports.Mail {
	when := instant(until)
	return ports.Mail{
		ID: uuid.NewSHA1(e.ID, to.ID[:]), To: to.Email, At: e.Metadata.OccurredAt,
		Subject: fmt.Sprintf("The partnership of %s and %s ends on %s", reseller.Name, customer.Name, when),
		Body: fmt.Sprintf(`Hello %s,

the partnership of %s (reseller) and %s (customer) ends by itself
on %s, as it was set by %[3]s.

From that instant on users of %[2]s have no access to the account of %[3]s.
Devices stay where they are, and so do their services.

An administrator of %[3]s can set another end, or none:

%[5]s/v1/accounts/%[6]s/partners/%[7]s

(PATCH {"until": "%[8]s"} sets it, PATCH {"until": null} takes it away.)
`, to.Name, reseller.Name, customer.Name, when, publicURL, customer.UID, reseller.UID, until.AddDate(1, 0, 0).Format(time.RFC3339)),
	}
}
