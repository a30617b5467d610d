package reactions

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/release"
)

// releaseRequested mails a request, as long as it is open, to the administrators of
// the account that has the device. They are told no name: who asks does not have to
// be known to them.
func (m *Mailings) releaseRequested(ctx context.Context, e eventlog.Recorded, event release.ReleaseRequested) ([]ports.Mail, error) {
	owner, r, err := m.releaseOf(ctx, e, event.Request)
	if err != nil || r.Answer != release.Open {
		return nil, err
	}
	return m.toEach(ctx, owner, func(to account.Person) (ports.Mail, error) {
		return releaseRequestMail(e, to, r, m.publicURL)
	})
}

// releaseAnswered mails the answer to the administrators of the account that asked.
// They are not told who has given it.
func (m *Mailings) releaseAnswered(ctx context.Context, e eventlog.Recorded, request uuid.UUID) ([]ports.Mail, error) {
	_, r, err := m.releaseOf(ctx, e, request)
	if err != nil || r.Request == uuid.Nil {
		return nil, err
	}
	return m.toEach(ctx, r.Requester, func(to account.Person) (ports.Mail, error) {
		return releaseAnswerMail(e, to, r, m.publicURL)
	})
}

// releaseOf is the account that a request went to, and the request as it is now.
func (m *Mailings) releaseOf(ctx context.Context, e eventlog.Recorded, request uuid.UUID) (uuid.UUID, release.Request, error) {
	owner, err := uuid.Parse(strings.TrimPrefix(e.Stream, release.Aggregate.Prefix()))
	if err != nil {
		return uuid.Nil, release.Request{}, fmt.Errorf("no uid in the name: %w", err)
	}
	all, err := load(ctx, m, release.Aggregate, owner)
	r, _ := all.Find(request)
	return owner, r, err
}

// toEach makes a mail for each administrator of an account that is not
// closed.
func (m *Mailings) toEach(ctx context.Context, uid uuid.UUID, mail func(account.Person) (ports.Mail, error)) ([]ports.Mail, error) {
	s, err := load(ctx, m, account.Aggregate, uid)
	if err != nil || s.Status == account.Closed {
		return nil, err
	}
	var mails []ports.Mail
	for _, to := range s.Administrators {
		if to.IsGone() {
			continue
		}
		m, err := mail(to)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

func releaseRequestMail(e eventlog.Recorded, to account.Person, r release.Request, publicURL string) (ports.Mail, error) {
	facts := []letters.Fact{{Label: "Device", Value: r.SerialNumber}, {Label: "Account that asks", Value: r.Requester.String()}}
	if e.Metadata.Reason != "" {
		facts = append(facts, letters.Fact{Label: "Reason", Value: e.Metadata.Reason})
	}
	return mailTo(e, to, "Somebody asks for the device "+r.SerialNumber, letters.Letter{
		Title: "Somebody asks for the device " + r.SerialNumber,
		Blocks: []letters.Block{
			{Text: "Somebody has the device in hand and asks your account to release it, so that it can be registered elsewhere."},
			{Facts: facts},
			{Text: "Grant or deny the request. For a retired device it is granted by itself unless it is denied in time."},
		},
		Button: letters.Link{Label: "Look at the device", URL: publicURL + "/devices/" + r.Device.String()},
		Why:    []string{"You get this because you are an administrator of the account that has the device."},
	})
}

func releaseAnswerMail(e eventlog.Recorded, to account.Person, r release.Request, publicURL string) (ports.Mail, error) {
	what, next := "It stays registered as it is.", letters.Link{Label: "Look at the devices", URL: publicURL + "/devices"}
	if r.Answer == release.Granted {
		what, next = "It can be registered now.", letters.Link{Label: "Register the device", URL: publicURL + "/register"}
	}
	subject := fmt.Sprintf("The request for the device %s is %s", r.SerialNumber, r.Answer)
	return mailTo(e, to, subject, letters.Letter{
		Title:  subject,
		Blocks: []letters.Block{{Text: fmt.Sprintf("The request to release the device %s is %s. %s", r.SerialNumber, r.Answer, what)}},
		Button: next,
		Why:    []string{"You get this because you are an administrator of the account that asked."},
	})
}
