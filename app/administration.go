package app

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Contact names a person as a request does.
type Contact struct{ Email, Name string }

// person checks a contact and makes a person of it.
func (c Contact) person(id uuid.UUID, pointer string) (p account.Person, problems []domain.Problem) {
	var found []domain.Problem
	p.ID = id
	p.Email, _, found = account.NormaliseEmail(c.Email)
	problems = append(problems, at(pointer+"/email", found)...)
	if c.Name != "" {
		p.Name, _, found = account.NormaliseName(c.Name)
		problems = append(problems, at(pointer+"/name", found)...)
	}
	return p, problems
}

// EditAccount changes what is not nil. IfRevision nil: no expectation.
type EditAccount struct {
	Command
	Account    uuid.UUID
	Name       *string
	Billing    *EditBilling
	Offers     *[]catalogue.Offer
	IfRevision *eventlog.Revision
}

// EditBilling says who is billed; Contact for direct billing only.
type EditBilling struct {
	Mode    account.BillingMode
	Contact *Contact
}

// EditAccount changes an account's details, all or none. It needs account.edit;
// what the account may run is the operator's to say.
func (a *App) EditAccount(ctx context.Context, caller access.Caller, c EditAccount) (Written, error) {
	if err := c.check(); err != nil {
		return Written{}, err
	}
	if err := a.access(caller).write(ctx, c.Account, rights.AccountEdit); err != nil {
		return Written{}, err
	}
	if c.Offers != nil {
		if err := operatorOnly(caller, rights.AccountsManage); err != nil {
			return Written{}, err
		}
	}
	w := a.write(caller, c.Command)
	edit, err := c.read(w)
	if err != nil {
		return Written{}, err
	}
	ch := accountChange(c.Account, edit.decide)
	ch.ifRevision = c.IfRevision
	ch.wants = func(s account.State) []want {
		_, now, _ := account.NormaliseName(s.Name)
		if edit.name == nil || edit.nameKey == now {
			return nil
		}
		return []want{{key: reservation.Unique(reservation.AccountName, edit.nameKey), taken: accountNameTaken}}
	}
	r, err := carryOut(ctx, a, w, ch)
	if err != nil {
		return Written{}, err
	}
	return r.written(c.Account)
}

// accountEdit is an EditAccount that was found to be in order.
type accountEdit struct {
	name    *string
	nameKey string
	billing *account.Billing
	offers  []catalogue.Offer
}

func (c EditAccount) read(w write) (e accountEdit, err error) {
	var problems, p []domain.Problem
	if c.Name != nil {
		var name string
		name, e.nameKey, p = account.NormaliseName(*c.Name)
		e.name, problems = &name, append(problems, at("/name", p)...)
	}
	if c.Billing != nil {
		e.billing = &account.Billing{Mode: c.Billing.Mode}
		if c.Billing.Contact != nil {
			var contact account.Person
			contact, p = c.Billing.Contact.person(w.derive("billing contact"), "/billing/contact")
			e.billing.Contact, problems = &contact, append(problems, p...)
		}
	}
	if c.Offers != nil {
		e.offers, p = offersOrAll(*c.Offers)
		problems = append(problems, at("/offers", p)...)
	}
	return e, domain.Refuse(problems...)
}

func (e accountEdit) decide(s account.State) (events []domain.Event, problems []domain.Problem) {
	add := func(pointer string, made []domain.Event, p []domain.Problem) {
		events, problems = append(events, made...), append(problems, at(pointer, p)...)
	}
	if e.name != nil {
		made, p := account.DecideRename(s, *e.name)
		add("/name", made, p)
	}
	if e.billing != nil {
		made, p := account.DecideBill(s, e.billing.Mode, e.billing.Contact)
		add("/billing", made, p)
	}
	if e.offers != nil {
		made, p := account.DecideAssignOffers(s, e.offers)
		add("/offers", made, p)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return events, nil
}

// AssignedContact answers AssignChannelContact.
type AssignedContact struct {
	Written
	Contact account.Person
}

// AssignChannelContact gives a reseller a channel contact. It is the operator's.
// Who is one already, by the e-mail address, stays as he is.
func (a *App) AssignChannelContact(ctx context.Context, caller access.Caller, uid uuid.UUID, c Command, contact Contact) (AssignedContact, error) {
	if err := errors.Join(operatorOnly(caller, rights.AccountsManage), c.check()); err != nil {
		return AssignedContact{}, err
	}
	w := a.write(caller, c)
	person, problems := contact.person(w.derive("channel contact"), "")
	if len(problems) > 0 {
		return AssignedContact{}, domain.Refuse(problems...)
	}
	written, err := a.oneAccount(ctx, w, uid, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		if known, ok := s.ContactOf(person.Email); ok {
			person = known
		}
		return account.DecideAssignContact(s, person)
	})
	return AssignedContact{Written: written, Contact: person}, err
}

// RemoveChannelContact takes a channel contact away. It is the operator's.
func (a *App) RemoveChannelContact(ctx context.Context, caller access.Caller, uid, contact uuid.UUID, c Command) (Written, error) {
	if err := errors.Join(operatorOnly(caller, rights.AccountsManage), c.check()); err != nil {
		return Written{}, err
	}
	w := a.write(caller, c)
	s, err := a.account(ctx, uid)
	known := slices.ContainsFunc(s.ChannelContacts, func(p account.Person) bool { return p.ID == contact })
	if err != nil || !known {
		return Written{}, orNotFound(err)
	}
	return a.oneAccount(ctx, w, uid, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideRemoveContact(s, contact)
	})
}

// SecureAccount changes the security options. What is nil stays.
type SecureAccount struct {
	Command
	Account uuid.UUID
	Options account.Secure
}

// SecureAccount changes what an account asks of its users, all or none. It
// needs account.edit, as the account's own choice. Options.From is looked at
// only for callers of that very account.
func (a *App) SecureAccount(ctx context.Context, caller access.Caller, c SecureAccount) (Written, error) {
	if err := a.ownChoice(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	if caller.Operator() {
		c.Options.From = netip.Addr{}
	}
	return a.oneAccount(ctx, a.write(caller, c.Command), c.Account, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideSecure(s, c.Options)
	})
}

// ErrAddressNotAdmitted says that the caller's account may not be used from there.
var ErrAddressNotAdmitted = errors.New("the account is not to be used from this address")

// Admit refuses callers that ask from an address that their account does not
// allow, with ErrAddressNotAdmitted. An account's ranges are those of the read
// model; while that is made anew, those of the log.
func (a *App) Admit(ctx context.Context, caller access.Caller, from netip.Addr) error {
	if caller.Operator() || caller.Auditor() { // who have no account
		return nil
	}
	security, err := a.reader.Security(ctx, caller.Own())
	if errors.Is(err, query.ErrNotCaughtUp) {
		var s account.State
		s, err = a.account(ctx, caller.Own())
		security = s.Security
	}
	if err == nil && !security.Admits(from) {
		err = ErrAddressNotAdmitted
	}
	return err
}
