package reactions

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
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
	return m.toAdministrators(ctx, owner, func(to account.Person) ports.Mail {
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
	return m.toAdministrators(ctx, r.Requester, func(to account.Person) ports.Mail {
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

// toAdministrators makes a mail for each administrator of an account that is not
// closed.
func (m *Mailings) toAdministrators(ctx context.Context, uid uuid.UUID, mail func(account.Person) ports.Mail) ([]ports.Mail, error) {
	s, err := load(ctx, m, account.Aggregate, uid)
	if err != nil || s.Status == account.Closed {
		return nil, err
	}
	var mails []ports.Mail
	for _, to := range s.Administrators {
		if !to.IsErased() {
			mails = append(mails, mail(to))
		}
	}
	return mails, nil
}

func releaseRequestMail(e eventlog.Recorded, to account.Person, r release.Request, publicURL string) ports.Mail {
	reason := ""
	if e.Metadata.Reason != "" {
		reason = "\nReason: " + e.Metadata.Reason + "\n"
	}
	return ports.Mail{
		ID: uuid.NewSHA1(e.ID, to.ID[:]), To: to.Email, At: e.Metadata.OccurredAt,
		Subject: "Somebody asks for the device " + r.SerialNumber,
		Body: fmt.Sprintf(`Hello %s,

somebody has the device %s in hand and asks your account to release
it, so that it can be registered elsewhere. The account that asks is
%s.
%s
%s/v1/release-requests/%s

(POST to it with :grant or :deny at the end answers. A request for a
retired device is granted by itself unless it is denied in time.)
`, to.Name, r.SerialNumber, r.Requester, reason, publicURL, r.Request),
	}
}

func releaseAnswerMail(e eventlog.Recorded, to account.Person, r release.Request, publicURL string) ports.Mail {
	what := "It stays registered as it is."
	if r.Answer == release.Granted {
		what = "It can be registered now."
	}
	return ports.Mail{
		ID: uuid.NewSHA1(e.ID, to.ID[:]), To: to.Email, At: e.Metadata.OccurredAt,
		Subject: fmt.Sprintf("The request for the device %s is %s", r.SerialNumber, r.Answer),
		Body: fmt.Sprintf(`Hello %s,

the request to release the device %s is %s. %s

%s/v1/release-requests/%s
`, to.Name, r.SerialNumber, r.Answer, what, publicURL, r.Request),
	}
}
