package account_test

import (
	"net/netip"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

func bill(mode account.BillingMode, contact *account.Person) decision {
	return func(s account.State) ([]domain.Event, error) { return account.DecideBill(s, mode, contact) }
}

func rename(name string) decision {
	return func(s account.State) ([]domain.Event, error) { return account.DecideRename(s, name) }
}

func assignContact(p account.Person) decision {
	return func(s account.State) ([]domain.Event, error) { return account.DecideAssignContact(s, p) }
}

func secure(c account.Secure) decision {
	return func(s account.State) ([]domain.Event, error) { return account.DecideSecure(s, c) }
}

func TestDetails(t *testing.T) {
	t.Parallel()
	s := given(t, created)
	s.When(rename("Prairie Wind")).Then(account.AccountRenamed{Account: uid, Name: "Prairie Wind"}).When(rename("Prairie Wind")).Then()
	contact := account.Person{ID: uuid.UUID{7}, Email: "bills@customer.example"}
	s.When(bill(account.Prepaid, nil)).Then()
	s.When(bill(account.Prepaid, &contact)).ThenRefused(account.CodeBillingContact)
	s.When(bill("barter", nil)).ThenRefused(account.CodeBillingInvalid)
	direct := s.When(bill(account.Direct, &contact)).Then(account.BillingChanged{Account: uid, Mode: account.Direct, Contact: contact})
	again := contact
	again.ID = uuid.UUID{8}
	direct.When(bill(account.Direct, &again)).Then()
	if back := direct.When(bill(account.Prepaid, nil)).ThenDone(); back.State.Billing.Contact != nil {
		t.Error("prepaid billing has a contact")
	}
	s.When(func(s account.State) ([]domain.Event, error) {
		return account.DecideAssignOffers(s, []catalogue.Offer{catalogue.Basic})
	}).Then(account.OffersAssigned{Account: uid, Offers: []catalogue.Offer{catalogue.Basic}})
	closed := s.When(closing).ThenDone()
	closed.When(rename("x")).ThenRefused(account.CodeAccountClosed)
	closed.When(bill(account.Direct, nil)).ThenRefused(account.CodeAccountClosed)
	given(t).When(rename("x")).ThenRefused(account.CodeNotFound)
}

func TestChannelContacts(t *testing.T) {
	t.Parallel()
	contact := account.Person{ID: uuid.UUID{7}, Email: "Sales@vendor.example", Name: "Sam"}
	given(t, created).When(assignContact(contact)).ThenRefused(account.CodeContactsOfResellers)
	reseller := created
	reseller.Type = account.Reseller
	s := given(t, reseller).When(assignContact(contact)).Then(account.ChannelContactAssigned{Account: uid, Contact: contact})
	s.When(assignContact(account.Person{ID: uuid.UUID{8}, Email: "sales@VENDOR.example"})).Then()
	again := account.Person{ID: uuid.UUID{8}, Email: "sales@VENDOR.example", Name: "Samuel"}
	renamed := contact
	renamed.Name = "Samuel"
	other := s.When(assignContact(again)).Then(account.ChannelContactRenamed{Account: uid, Contact: renamed})
	other.When(assignContact(again)).Then()
	if got := other.State.ChannelContacts; len(got) != 1 || got[0] != renamed || s.State.ChannelContacts[0] != contact {
		t.Errorf("%+v", got)
	}
	remove := func(s account.State) ([]domain.Event, error) {
		return account.DecideRemoveContact(s, contact.ID)
	}
	s.When(remove).Then(account.ChannelContactRemoved{Account: uid, Contact: contact.ID}).When(remove).Then()
}

func TestSecurityOptions(t *testing.T) {
	t.Parallel()
	s := given(t, created)
	minutes, length, ranges := 480, 16, []string{"192.0.2.77/24", "2001:db8::1", "192.0.2.0/24"}
	inside := netip.MustParseAddr("192.0.2.5")
	all := account.Secure{SessionMinutes: &minutes, PasswordLength: &length, AddressRanges: &ranges, From: inside}
	set := s.When(secure(all)).Then(
		account.SessionLifetimeSet{Account: uid, Minutes: 480},
		account.PasswordLengthSet{Account: uid, Minimum: 16},
		account.AddressRangesSet{Account: uid, Ranges: []string{"192.0.2.0/24", "2001:db8::1/128"}},
	)
	set.When(secure(all)).Then()
	for address, admitted := range map[string]bool{"192.0.2.255": true, "::ffff:192.0.2.1": true, "192.0.3.0": false, "2001:db8::1": true, "2001:db8::2": false} {
		if set.State.Security.Admits(netip.MustParseAddr(address)) != admitted {
			t.Errorf("%s: admitted %t", address, !admitted)
		}
	}
	if !s.State.Security.Admits(inside) {
		t.Error("without ranges everybody is admitted")
	}
	all.From = netip.MustParseAddr("198.51.100.1")
	s.When(secure(all)).ThenRefused(account.CodeAddressRangesShutting)
	short, long, wrong := 4, 11, []string{"192.0.2.0/33"}
	s.When(secure(account.Secure{SessionMinutes: &short, PasswordLength: &long, AddressRanges: &wrong})).
		ThenRefused(account.CodeSessionLifetime, account.CodePasswordLength, account.CodeAddressRangeInvalid)
	required, idle := true, 30
	strict := account.Secure{IdleMinutes: &idle, SecondFactor: &required, IssuerOnly: &required, Issuer: true}
	stricter := s.When(secure(strict)).Then(account.SessionIdleTimeSet{Account: uid, Minutes: 30},
		account.SecondFactorRequirementSet{Account: uid, Required: true}, account.IssuerRequirementSet{Account: uid, Required: true})
	stricter.When(secure(strict)).Then()
	if got := stricter.State.Security; got.IdleMinutes != 30 || !got.SecondFactor || !got.IssuerOnly {
		t.Errorf("%+v", got)
	}
	off := false
	stricter.When(secure(account.Secure{SecondFactor: &off, IssuerOnly: &off})).Then(
		account.SecondFactorRequirementSet{Account: uid}, account.IssuerRequirementSet{Account: uid})
	strict.Issuer, strict.IdleMinutes = false, new(4)
	s.When(secure(strict)).ThenRefused(account.CodeIssuerMissing, account.CodeSessionIdleTime)
	twelve, none := 12, []string{}
	s.When(secure(account.Secure{PasswordLength: &twelve, AddressRanges: &none})).Then() // as it is
	set.When(secure(account.Secure{AddressRanges: &none})).Then(account.AddressRangesSet{Account: uid, Ranges: []string{}})
}
