package account

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Exists reports whether the account was created.
func (s State) Exists() bool { return s.Status != "" }

// StatusAt is the status with expiry taken into account.
func (s State) StatusAt(now time.Time) Status {
	if s.Status == Pending && !now.Before(s.Invitation.Expires) {
		return Expired
	}
	return s.Status
}

// InUseAt reports whether the account is used at an instant: while it is pending and
// while it is active. Once it has expired or was closed, nobody acts for it.
func (s State) InUseAt(now time.Time) bool {
	status := s.StatusAt(now)
	return status == Pending || status == Activated
}

// NeverActivated reports whether the administrator never finished the account. It
// frees its name and e-mail when it is closed so.
func (s State) NeverActivated() bool {
	return s.Status == Pending || s.Status == Closed && s.Closing == Pending
}

// Billing says who is billed.
type Billing struct {
	Mode    BillingMode // empty is Prepaid
	Contact *Person     // direct billing only
}

// Security is what an account asks of its users. Zero values ask for what the
// platform does.
type Security struct {
	SessionMinutes int
	IdleMinutes    int // without use
	PasswordLength int
	SecondFactor   bool     // is required
	IssuerOnly     bool     // sign in through the OIDC issuer only
	AddressRanges  []string // CIDR; none: from everywhere
}

// Admits reports whether the account may be used from an address.
func (s Security) Admits(from netip.Addr) bool {
	return len(s.AddressRanges) == 0 || slices.ContainsFunc(s.AddressRanges, func(text string) bool {
		r, err := netip.ParsePrefix(text)
		return err == nil && r.Contains(from.Unmap())
	})
}

// ExternalAccount is an account at another service, such as a SIM operator's.
type ExternalAccount struct {
	UID        uuid.UUID
	Kind       ExternalKind
	Label      string
	Endpoint   string
	Credential uuid.UUID // names the secret
}

// ExternalAccount finds one of the account's external accounts.
func (s State) ExternalAccount(uid uuid.UUID) (ExternalAccount, bool) {
	for _, x := range s.ExternalAccounts {
		if x.UID == uid {
			return x, true
		}
	}
	return ExternalAccount{}, false
}

// NamesCredential reports whether a secret is in use.
func (s State) NamesCredential(id uuid.UUID) bool {
	return slices.ContainsFunc(s.ExternalAccounts, func(x ExternalAccount) bool { return x.Credential == id })
}

// Administers reports whether a user is an administrator of the account.
func (s State) Administers(user uuid.UUID) bool {
	return slices.ContainsFunc(s.Administrators, func(p Person) bool { return p.ID == user })
}

// KeepsOut reports whether a user's access was withdrawn.
func (s State) KeepsOut(user uuid.UUID) bool { return slices.Contains(s.Withdrawn, user) }

// LetsIn reports whether a user of the account may use it at an instant. An
// administrator who has joined activates the account by signing in, also one that
// would have expired without.
func (s State) LetsIn(user uuid.UUID, now time.Time) bool {
	return (s.InUseAt(now) || s.Status == Pending && s.Administers(user)) && !s.KeepsOut(user) && !slices.Contains(s.Erased, user)
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

// Profile is a profile that users and partners of the account can be given,
// shipped or its own. One that no longer exists gives no rights.
func (s State) Profile(id string) rights.Profile { return rights.Resolve(id, s.Profiles) }

// ProfileNamed is the profile of a name, in any spelling of it; one that does
// not exist when there is none.
func (s State) ProfileNamed(name string) rights.Profile {
	key := text.Key(name)
	for _, p := range slices.Concat(rights.Profiles, s.Profiles) {
		if key != "" && text.Key(p.Name) == key {
			return s.Profile(p.ID)
		}
	}
	return rights.Profile{}
}

// HasProfile reports whether the account has a profile of its own with that id.
func (s State) HasProfile(id string) bool {
	return slices.ContainsFunc(s.Profiles, func(p rights.Profile) bool { return p.ID == id })
}

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

// Forgotten reports whether the first administrator was erased.
func (s State) Forgotten() bool { return slices.Contains(s.Erased, s.Administrator.ID) }
