package reactions

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// by is the side of a request that has answered it.
type by int

const (
	asReseller by = iota
	asCustomer
)

// partnershipRequested mails a request to the administrators of the account that was
// asked, as long as it waits. To what is no account, or no open customer's, nobody is
// written.
func (m *Mailings) partnershipRequested(ctx context.Context, e eventlog.Recorded, asked partnership.PartnershipRequested) ([]ports.Mail, error) {
	p, err := load(ctx, m, partnership.Aggregate, asked.Partnership)
	if err != nil || p.Request.Status != partnership.Open {
		return nil, err
	}
	reseller, customer, err := m.sides(ctx, asked.Reseller, asked.Customer)
	if err != nil || customer.Type != account.Standard {
		return nil, err
	}
	facts := []letters.Fact{{Label: "Reseller", Value: reseller.Name}}
	if asked.Profile != "" {
		facts = append(facts, letters.Fact{Label: "Proposed profile", Value: asked.Profile})
	}
	if !asked.Until.IsZero() {
		facts = append(facts, letters.Fact{Label: "Proposed end", Value: instant(asked.Until)})
	}
	if asked.Note != "" {
		facts = append(facts, letters.Fact{Label: "Note", Value: asked.Note})
	}
	return toAdministrators(e, customer, "A request for a partnership by "+letters.Quoted(reseller.Name), letters.Letter{
		Blocks: []letters.Block{
			{Text: fmt.Sprintf("%s asks to be a partner of %s.", letters.Quoted(reseller.Name), letters.Quoted(customer.Name))},
			{Facts: facts},
			{Text: fmt.Sprintf("An administrator of %s accepts or declines it.", letters.Quoted(customer.Name))},
		},
		Button: m.toPartners(),
	})
}

// partnershipAccepted mails to the reseller that its request was accepted, if the
// partnership is the answer to one.
func (m *Mailings) partnershipAccepted(ctx context.Context, e eventlog.Recorded, established partnership.PartnershipEstablished) ([]ports.Mail, error) {
	before, err := m.partnershipBefore(ctx, e)
	if err != nil || before.Request.Status != partnership.Open {
		return nil, err
	}
	reseller, customer, err := m.sides(ctx, established.Reseller, established.Customer)
	if err != nil {
		return nil, err
	}
	return toAdministrators(e, reseller, "Your request for a partnership was accepted by "+letters.Quoted(customer.Name), letters.Letter{
		Blocks: []letters.Block{
			{Text: fmt.Sprintf("%s has accepted your request for a partnership, with the profile %s.",
				letters.Quoted(customer.Name), letters.Quoted(customer.Profile(established.Profile).Name))},
		},
		Button: m.toPartners(),
	})
}

// requestAnswered mails to the other side what one has done about a request. The
// reseller is not told more of an account that declines than its UID.
func (m *Mailings) requestAnswered(ctx context.Context, e eventlog.Recorded, who by, what, reason string) ([]ports.Mail, error) {
	before, err := m.partnershipBefore(ctx, e)
	if err != nil {
		return nil, err
	}
	r := before.Request
	reseller, customer, err := m.sides(ctx, r.Reseller, r.Customer)
	if err != nil || customer.Type != account.Standard {
		return nil, err
	}
	to, about := reseller, "Your request for a partnership with the account "+customer.UID.String()
	if who == asReseller {
		to, about = customer, "The request for a partnership by "+letters.Quoted(reseller.Name)
	}
	l := letters.Letter{Blocks: []letters.Block{{Text: about + " was " + what + "."}}, Button: m.toPartners()}
	if reason != "" {
		l.Blocks = append(l.Blocks, letters.Block{Facts: []letters.Fact{{Label: "Reason", Value: reason}}})
	}
	return toAdministrators(e, to, "A request for a partnership was "+what, l)
}

func (m *Mailings) toPartners() letters.Link {
	return letters.Link{Label: "Look at the partners", URL: m.publicURL + "/partners"}
}

// sides are the two accounts of a partnership.
func (m *Mailings) sides(ctx context.Context, reseller, customer uuid.UUID) (r, c account.State, err error) {
	if r, err = load(ctx, m, account.Aggregate, reseller); err != nil {
		return r, c, err
	}
	c, err = load(ctx, m, account.Aggregate, customer)
	return r, c, err
}

// partnershipBefore is a partnership as before an event.
func (m *Mailings) partnershipBefore(ctx context.Context, e eventlog.Recorded) (s partnership.State, err error) {
	for r, err := range m.executor.Log.ReadStream(ctx, e.Stream, 0) {
		if err != nil || r.Revision >= e.Revision {
			return s, err
		}
		s = partnership.Evolve(s, r.Event)
	}
	return s, nil
}

// toAdministrators is a mail to each administrator of an account that is open. The
// subject is the letter's title, too.
func toAdministrators(e eventlog.Recorded, of account.State, subject string, l letters.Letter) ([]ports.Mail, error) {
	if of.Status == account.Closed {
		return nil, nil
	}
	l.Title = subject
	l.Why = []string{"You get this because you are an administrator of " + letters.Quoted(of.Name) + "."}
	var mails []ports.Mail
	for _, to := range of.Administrators {
		if to.IsGone() {
			continue
		}
		mail, err := mailTo(e, to, subject, l)
		if err != nil {
			return nil, err
		}
		mails = append(mails, mail)
	}
	return mails, nil
}
