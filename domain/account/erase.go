package account

import (
	"slices"

	"github.com/google/uuid"
)

// persons are all places in which the state names somebody.
func (s *State) persons() []*Person {
	all := []*Person{&s.Administrator}
	if s.Billing.Contact != nil {
		all = append(all, s.Billing.Contact)
	}
	for i := range s.ChannelContacts {
		all = append(all, &s.ChannelContacts[i])
	}
	for i := range s.Administrators {
		all = append(all, &s.Administrators[i])
	}
	return all
}

// Names reports whether the account names the person, erased or not.
func (s State) Names(person uuid.UUID) bool {
	return slices.ContainsFunc(s.persons(), func(p *Person) bool { return p.ID == person })
}

// Without is the state with the person's data gone, wherever it stood. It
// shares nothing that changes with s.
func (s State) Without(person uuid.UUID) State {
	s.ChannelContacts, s.Administrators = slices.Clone(s.ChannelContacts), slices.Clone(s.Administrators)
	if s.Billing.Contact != nil {
		contact := *s.Billing.Contact
		s.Billing.Contact = &contact
	}
	for _, p := range s.persons() {
		if p.ID == person {
			*p = p.Erase()
		}
	}
	return s
}

// shows reports whether data of the person is still there.
func (s State) shows(person uuid.UUID) bool {
	return slices.ContainsFunc(s.persons(), func(p *Person) bool { return p.ID == person && !p.IsErased() })
}
