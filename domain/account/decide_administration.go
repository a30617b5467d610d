package account

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Edit changes the account's details, which are normalised; what is nil stays.
type Edit struct {
	Name    *string
	Billing *Billing
	Offers  []catalogue.Offer
}

// DecideEdit decides on the details, all or none.
func DecideEdit(s State, c Edit) ([]domain.Event, error) {
	var events []domain.Event
	var problems []domain.Problem
	add := func(pointer string, made []domain.Event, err error) {
		events, problems = append(events, made...), append(problems, domain.At(pointer, domain.ProblemsOf(err))...)
	}
	if c.Name != nil {
		made, err := DecideRename(s, *c.Name)
		add("/name", made, err)
	}
	if c.Billing != nil {
		made, err := DecideBill(s, c.Billing.Mode, c.Billing.Contact)
		add("/billing", made, err)
	}
	if c.Offers != nil {
		made, err := DecideAssignOffers(s, c.Offers)
		add("/offers", made, err)
	}
	return events, domain.Refuse(problems...)
}

// DecideRename gives the account a name, which is normalised.
func DecideRename(s State, name string) ([]domain.Event, error) {
	err := domain.Refuse(open(s)...)
	if !s.Exists() || s.Name == name {
		return nil, err
	}
	return []domain.Event{AccountRenamed{Account: s.UID, Name: name}}, err
}

// DecideAssignOffers decides which offers the account has. What its devices run
// on already goes on.
func DecideAssignOffers(s State, offers []catalogue.Offer) ([]domain.Event, error) {
	p := append(open(s), allServices(s.Type, offers)...)
	if p != nil || slices.Equal(s.Offers, offers) {
		return nil, domain.Refuse(p...)
	}
	return []domain.Event{OffersAssigned{Account: s.UID, Offers: slices.Clone(offers)}}, nil
}

// DecideAllServices gives a reseller's account all offers, which one of before may
// lack. It never refuses.
func DecideAllServices(s State) ([]domain.Event, error) {
	if open(s) != nil || allServices(s.Type, s.Offers) == nil {
		return nil, nil
	}
	return []domain.Event{OffersAssigned{Account: s.UID, Offers: slices.Clone(catalogue.Offers)}}, nil
}

// DecideBill decides who is billed. Prepaid billing has no contact.
func DecideBill(s State, mode BillingMode, contact *Person) ([]domain.Event, error) {
	problems := open(s)
	if mode != Prepaid && mode != Direct {
		problems = append(problems, domain.Problem{Code: CodeBillingInvalid, Detail: "Billing is prepaid or direct."})
	} else if mode == Prepaid && contact != nil {
		problems = append(problems, domain.Problem{Code: CodeBillingContact, Detail: "Only direct billing can have a contact."})
	}
	same := s.Billing.Mode == mode || s.Billing.Mode == "" && mode == Prepaid
	if len(problems) > 0 || same && samePerson(s.Billing.Contact, contact) {
		return nil, domain.Refuse(problems...)
	}
	e := BillingChanged{Account: s.UID, Mode: mode}
	if contact != nil {
		e.Contact = *contact
	}
	return []domain.Event{e}, nil
}

// samePerson compares names and addresses.
func samePerson(a, b *Person) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && a.Email == b.Email
}

// DecideAssignContact gives a reseller a channel contact. A person who is one
// already, by the e-mail address, takes the name, unless that is empty.
func DecideAssignContact(s State, contact Person) ([]domain.Event, error) {
	if p := open(s); p != nil {
		return nil, domain.Refuse(p...)
	}
	if s.Type != Reseller {
		return nil, refuse(CodeContactsOfResellers, "Only a reseller account has channel contacts.")
	}
	if is, known := s.ContactOf(contact.Email); known {
		if contact.Name == "" || contact.Name == is.Name {
			return nil, nil
		}
		is.Name = contact.Name
		return []domain.Event{ChannelContactRenamed{Account: s.UID, Contact: is}}, nil
	}
	if len(s.ChannelContacts) >= maxChannelContacts {
		return nil, refuse(CodeTooManyContacts, fmt.Sprintf("The account has %d channel contacts, as many as it can have.", maxChannelContacts))
	}
	return []domain.Event{ChannelContactAssigned{Account: s.UID, Contact: contact}}, nil
}

// DecideRemoveContact takes a channel contact away. A person who is none is
// unchanged.
func DecideRemoveContact(s State, contact uuid.UUID) ([]domain.Event, error) {
	known := slices.ContainsFunc(s.ChannelContacts, func(p Person) bool { return p.ID == contact })
	if p := open(s); p != nil || !known {
		return nil, domain.Refuse(p...)
	}
	return []domain.Event{ChannelContactRemoved{Account: s.UID, Contact: contact}}, nil
}
