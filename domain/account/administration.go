package account

import (
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Codes of refusals about administration.
const (
	CodeBillingInvalid        = "billing_invalid"
	CodeBillingContact        = "billing_contact_not_allowed"
	CodeContactsOfResellers   = "not_a_reseller"
	CodeSessionLifetime       = "session_lifetime_invalid"
	CodePasswordLength        = "password_length_invalid"
	CodeAddressRangeInvalid   = "address_range_invalid"
	CodeAddressRangesShutting = "address_ranges_lock_out"
	CodeTooManyContacts       = "too_many_contacts"
)

// Limits of the security options.
const (
	PasswordMinimum    = 12 // characters, where an account asks for no more
	maxPasswordMinimum = 128
	minSessionMinutes  = 5
	maxSessionMinutes  = 30 * 24 * 60
	maxAddressRanges   = 100
	maxChannelContacts = 100
)

// Billing is who is billed.
type Billing struct {
	Mode    BillingMode // empty is Prepaid
	Contact *Person     // direct billing only
}

// Security is what an account asks of its users. Zero values ask for what the
// platform does.
type Security struct {
	SessionMinutes int
	PasswordLength int
	AddressRanges  []string // CIDR; none: from everywhere
}

// Admits reports whether the account may be used from an address.
func (s Security) Admits(from netip.Addr) bool {
	return len(s.AddressRanges) == 0 || slices.ContainsFunc(s.AddressRanges, func(text string) bool {
		r, err := netip.ParsePrefix(text)
		return err == nil && r.Contains(from.Unmap())
	})
}

// administered folds the events of administration.
func administered(s State, e domain.Event) State {
	switch e := e.(type) {
	case AccountRenamed:
		s.Name = e.Name
	case OffersAssigned:
		s.Offers = e.Offers
	case BillingChanged:
		s.Billing = Billing{Mode: e.Mode}
		if e.Contact.ID != uuid.Nil {
			s.Billing.Contact = &e.Contact
		}
	case ChannelContactAssigned:
		s.ChannelContacts = append(slices.Clone(s.ChannelContacts), e.Contact)
	case ChannelContactRemoved:
		s.ChannelContacts = slices.DeleteFunc(slices.Clone(s.ChannelContacts), func(p Person) bool { return p.ID == e.Contact })
	case SessionLifetimeSet:
		s.Security.SessionMinutes = e.Minutes
	case PasswordLengthSet:
		s.Security.PasswordLength = e.Minimum
	case AddressRangesSet:
		s.Security.AddressRanges = e.Ranges
	}
	return s
}

// open is what stands against any change of the account.
func open(s State) []domain.Problem {
	switch s.Status {
	case "":
		return notFound()
	case Closed:
		return problem(CodeAccountClosed, "The account is closed.")
	}
	return nil
}

// DecideRename gives the account a name, which is normalised and reserved.
func DecideRename(s State, name string) ([]domain.Event, []domain.Problem) {
	if p := open(s); p != nil || s.Name == name {
		return nil, p
	}
	return []domain.Event{AccountRenamed{Account: s.UID, Name: name}}, nil
}

// DecideAssignOffers decides which offers the account has. What its devices run
// on already goes on.
func DecideAssignOffers(s State, offers []catalogue.Offer) ([]domain.Event, []domain.Problem) {
	if p := open(s); p != nil || slices.Equal(s.Offers, offers) {
		return nil, p
	}
	return []domain.Event{OffersAssigned{Account: s.UID, Offers: slices.Clone(offers)}}, nil
}

// DecideBill decides who is billed. Prepaid billing has no contact.
func DecideBill(s State, mode BillingMode, contact *Person) ([]domain.Event, []domain.Problem) {
	problems := open(s)
	if mode != Prepaid && mode != Direct {
		problems = append(problems, domain.Problem{Code: CodeBillingInvalid, Detail: "Billing is prepaid or direct."})
	} else if mode == Prepaid && contact != nil {
		problems = append(problems, domain.Problem{Code: CodeBillingContact, Detail: "Only direct billing has a contact."})
	}
	same := s.Billing.Mode == mode || s.Billing.Mode == "" && mode == Prepaid
	if len(problems) > 0 || same && samePerson(s.Billing.Contact, contact) {
		return nil, problems
	}
	e := BillingChanged{Account: s.UID, Mode: mode}
	if contact != nil {
		e.Contact = *contact
	}
	return []domain.Event{e}, nil
}

// samePerson compares what persons are called and how they are reached.
func samePerson(a, b *Person) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && a.Email == b.Email
}

// ContactOf finds a channel contact by e-mail address, in any case.
func (s State) ContactOf(email string) (Person, bool) {
	_, key, _ := NormaliseEmail(email)
	for _, p := range s.ChannelContacts {
		if _, other, _ := NormaliseEmail(p.Email); other == key {
			return p, true
		}
	}
	return Person{}, false
}

// DecideAssignContact gives a reseller a channel contact. Who is one already
// stays as he is.
func DecideAssignContact(s State, contact Person) ([]domain.Event, []domain.Problem) {
	if p := open(s); p != nil {
		return nil, p
	}
	if s.Type != Reseller {
		return nil, problem(CodeContactsOfResellers, "Only a reseller account has channel contacts.")
	}
	if _, known := s.ContactOf(contact.Email); known {
		return nil, nil
	}
	if len(s.ChannelContacts) >= maxChannelContacts {
		return nil, problem(CodeTooManyContacts, "The account has as many channel contacts as there can be.")
	}
	return []domain.Event{ChannelContactAssigned{Account: s.UID, Contact: contact}}, nil
}

// DecideRemoveContact takes a channel contact away; one that is none is gone already.
func DecideRemoveContact(s State, contact uuid.UUID) ([]domain.Event, []domain.Problem) {
	known := slices.ContainsFunc(s.ChannelContacts, func(p Person) bool { return p.ID == contact })
	if p := open(s); p != nil || !known {
		return nil, p
	}
	return []domain.Event{ChannelContactRemoved{Account: s.UID, Contact: contact}}, nil
}

// Secure is a change of the security options; what is nil stays. From is the
// address of who asks, which new ranges must not lock out; invalid: any.
type Secure struct {
	SessionMinutes, PasswordLength *int
	AddressRanges                  *[]string
	From                           netip.Addr
}

// DecideSecure decides on the security options, all or none.
func DecideSecure(s State, c Secure) ([]domain.Event, []domain.Problem) {
	problems := open(s)
	var events []domain.Event
	refuse := func(pointer, code, detail string) {
		problems = append(problems, domain.Problem{Pointer: pointer, Code: code, Detail: detail})
	}
	if m := c.SessionMinutes; m != nil && *m != s.Security.SessionMinutes {
		if *m != 0 && (*m < minSessionMinutes || *m > maxSessionMinutes) {
			refuse("/sessionMinutes", CodeSessionLifetime, "A session lasts from 5 minutes to 30 days.")
		}
		events = append(events, SessionLifetimeSet{Account: s.UID, Minutes: *m})
	}
	if n := c.PasswordLength; n != nil && *n != max(s.Security.PasswordLength, PasswordMinimum) {
		if *n < PasswordMinimum || *n > maxPasswordMinimum {
			refuse("/passwordLength", CodePasswordLength, "Passwords have at least 12 characters; an account can ask for up to 128.")
		}
		events = append(events, PasswordLengthSet{Account: s.UID, Minimum: *n})
	}
	if c.AddressRanges != nil {
		ranges, ok := normaliseRanges(*c.AddressRanges)
		switch {
		case !ok:
			refuse("/addressRanges", CodeAddressRangeInvalid, "Give up to 100 ranges such as 192.0.2.0/24 or 2001:db8::/32.")
		case c.From.IsValid() && !(Security{AddressRanges: ranges}).Admits(c.From):
			refuse("/addressRanges", CodeAddressRangesShutting, "The ranges would lock out the address this request comes from.")
		case !slices.Equal(ranges, s.Security.AddressRanges):
			events = append(events, AddressRangesSet{Account: s.UID, Ranges: ranges})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return events, nil
}

// normaliseRanges takes ranges and single addresses, each once, without the
// bits that do not count.
func normaliseRanges(texts []string) ([]string, bool) {
	ranges := []string{}
	for _, text := range texts {
		r, err := netip.ParsePrefix(text)
		if err != nil {
			one, err := netip.ParseAddr(text)
			if err != nil || one.Zone() != "" {
				return nil, false
			}
			one = one.Unmap()
			r = netip.PrefixFrom(one, one.BitLen())
		}
		if r.Addr().Is4In6() {
			return nil, false
		}
		if s := r.Masked().String(); !slices.Contains(ranges, s) {
			ranges = append(ranges, s)
		}
	}
	return ranges, len(ranges) <= maxAddressRanges
}
