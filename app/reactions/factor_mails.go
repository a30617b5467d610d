package reactions

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// factorChange is what a mail says of a change of what lets somebody in: the password,
// second factors, personal tokens.
type factorChange struct {
	subject, text, instead string
	facts                  []letters.Fact
}

// factorKinds are the kinds of factors in words.
var factorKinds = map[user.FactorKind]string{user.Passkey: "Passkey", user.OneTimeCodes: "Authenticator app"}

// factorChanged mails a user what has become of what lets the user in: whoever has come in
// is not to change it in silence.
func (m *Mailings) factorChanged(ctx context.Context, e eventlog.Recorded, uid uuid.UUID) ([]ports.Mail, error) {
	s, err := load(ctx, m, user.Aggregate, uid)
	if err != nil || s.Erased || s.Person.Email == "" || s.Person.IsGone() {
		return nil, err
	}
	return one(factorMail(e, s.Person, changeOf(e), m.publicURL))
}

// changeOf is the table: what is said of each event.
func changeOf(e eventlog.Recorded) factorChange {
	const stranger = "If it was not you, remove it, change your password now and make new recovery codes: somebody else is signed in as you."
	switch event := e.Event.(type) {
	case user.PasswordChanged:
		return passwordChange(e, event)
	case user.PersonalTokenMade:
		return factorChange{
			"A personal API token was made", "Whoever has it calls the API as you, with the rights that it was given and you have, until it expires or is revoked.",
			"If it was not you, revoke it and change your password now: somebody else is signed in as you.",
			[]letters.Fact{{Label: "Token", Value: event.Named.Name}, {Label: "Expires", Value: instant(event.Expires)}, {Label: "When", Value: instant(e.Metadata.OccurredAt)}},
		}
	case user.SecondFactorAdded:
		return factorChange{
			"A second factor was added", "You sign in with it from now on, beside your password. Sessions that began without one have ended.",
			stranger, factorFacts(e, event.Kind, event.Named.Name),
		}
	case user.SecondFactorRemoved:
		return factorChange{
			"A second factor was removed", "Nobody signs in with it any more. Sessions that began with it have ended.",
			"If it was not you, change your password now: somebody else is signed in as you.", factorFacts(e, event.Kind, event.Named.Name),
		}
	case user.SecondFactorsReset:
		return factorChange{
			"Your second factors were taken away",
			"An administrator of your account, or the operator, has taken away all of your second factors and recovery codes: those who lost theirs ask for that. Sessions that began with one have ended. Sign in with your password and set up another one.",
			"If you did not ask for it, set one up now, and ask who did.", []letters.Fact{{Label: "When", Value: instant(e.Metadata.OccurredAt)}},
		}
	case user.RecoveryCodesReplaced:
		return factorChange{
			"There are new recovery codes", fmt.Sprintf("%d recovery codes were made for you. Each stands in for a second factor once; those of before are worth nothing.", event.Count),
			stranger, []letters.Fact{{Label: "When", Value: instant(e.Metadata.OccurredAt)}},
		}
	case user.RecoveryCodeUsed:
		text := fmt.Sprintf("Somebody who knows your password has signed in with one of your recovery codes. %d are left.", event.Left)
		switch event.Left {
		case 1:
			text = "Somebody who knows your password has signed in with one of your recovery codes. One is left: make new ones."
		case 0:
			text = "Somebody who knows your password has signed in with the last of your recovery codes: make new ones."
		}
		return factorChange{
			"A recovery code was used", text,
			"If it was not you, change your password now and make new recovery codes.", []letters.Fact{{Label: "When", Value: instant(e.Metadata.OccurredAt)}},
		}
	}
	return factorChange{}
}

func passwordChange(e eventlog.Recorded, event user.PasswordChanged) factorChange {
	c := factorChange{
		"Your password was changed", "Somebody who knew your old password has changed it. All other sessions have ended, and all your API tokens and calendars.",
		"If it was not you, ask for a mail to choose another one now, and tell an administrator of your account.",
		[]letters.Fact{{Label: "When", Value: instant(e.Metadata.OccurredAt)}},
	}
	if event.Reset > 0 {
		c.text = "It was chosen with the link in a mail to this address. All your sessions, API tokens and calendars have ended."
		c.instead = "If it was not you, somebody else reads your mail: secure that first, then ask for a mail to choose another password."
	}
	return c
}

func factorFacts(e eventlog.Recorded, kind user.FactorKind, name string) []letters.Fact {
	return []letters.Fact{{Label: factorKinds[kind], Value: name}, {Label: "When", Value: instant(e.Metadata.OccurredAt)}}
}

func factorMail(e eventlog.Recorded, to account.Person, c factorChange, publicURL string) (ports.Mail, error) {
	return onlyMail(e, to, c.subject, letters.Letter{
		Title:  c.subject,
		Blocks: []letters.Block{{Facts: c.facts}, {Text: c.text}, {Text: c.instead}},
		Button: letters.Link{Label: "Look at my security", URL: publicURL + "/security"},
		Why:    []string{"You get this because it is about how you sign in; it cannot be turned off."},
	})
}
