package account_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/text"
)

var workshop = uuid.UUID{0x11}

func define(profile uuid.UUID, name string, given ...rights.Right) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideDefineProfile(s, profile, name, given)
	}
}

func editProfile(profile uuid.UUID, name string, given ...rights.Right) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideEditProfile(s, profile, name, given)
	}
}

func removeProfile(profile uuid.UUID) decision {
	return func(s account.State) ([]domain.Event, error) {
		return account.DecideRemoveProfile(s, profile)
	}
}

func TestProfilesOfItsOwn(t *testing.T) {
	t.Parallel()
	s := given(t, created).When(define(workshop, "Workshop", rights.DevicesEdit)).
		Then(account.ProfileDefined{Account: uid, Profile: workshop, Name: "Workshop", Rights: []rights.Right{rights.DevicesEdit}})
	s.When(define(workshop, "Workshop", rights.DevicesEdit)).Then()
	for _, name := range []string{"WORKSHOP", "Ｗorkshop", "read only", "Full  Access"} {
		s.When(define(uuid.UUID{0x12}, name, rights.DevicesEdit)).ThenRefused(account.CodeNameTaken)
	}
	if p := s.State.Profile(workshop.String()); p.Name != "Workshop" || !rights.Set(p.Rights).Has(rights.DevicesEdit) || len(p.Rights) != 1 {
		t.Errorf("%+v", p)
	}
	if p := s.State.ProfileNamed(" workshop "); p.ID != workshop.String() {
		t.Errorf("by name: %+v", p)
	}

	s.When(editProfile(workshop, "Workshop", rights.DevicesEdit)).Then()
	s.When(editProfile(workshop, "", rights.DevicesRead)).
		Then(account.ProfileRightsAssigned{Account: uid, Profile: workshop, Rights: []rights.Right{rights.DevicesRead}})
	s.When(editProfile(workshop, "WorkShop")).Then(account.ProfileRenamed{Account: uid, Profile: workshop, Name: "WorkShop"})
	s.When(editProfile(workshop, "Renewals")).ThenRefused(account.CodeNameTaken)
	s.When(editProfile(uuid.UUID{0x12}, "Other")).Then()

	gone := s.When(removeProfile(workshop)).Then(account.ProfileRemoved{Account: uid, Profile: workshop})
	gone.When(removeProfile(workshop)).Then()
	if p := gone.State.Profile(workshop.String()); p.Exists() || len(p.Rights) > 0 {
		t.Errorf("removed: %+v", p)
	}
	gone.When(define(uuid.UUID{0x12}, "workshop", rights.DevicesEdit)).ThenDone()

	closed := s.When(closing).ThenDone()
	for _, change := range []decision{define(uuid.UUID{0x12}, "Other", rights.DevicesEdit), editProfile(workshop, "Other"), removeProfile(workshop)} {
		closed.When(change).ThenRefused(account.CodeAccountClosed)
	}
	given(t).When(define(workshop, "Workshop", rights.DevicesEdit)).ThenRefused(account.CodeNotFound)
}

func TestProfilesAreBounded(t *testing.T) {
	t.Parallel()
	s := given(t, created)
	for n := range 100 {
		s = s.When(define(uuid.UUID{0xff, byte(n)}, fmt.Sprint("Profile ", n), rights.DevicesRead)).ThenDone()
	}
	s.When(define(workshop, "One more", rights.DevicesRead)).ThenRefused(account.CodeTooManyProfiles)
	s.When(removeProfile(uuid.UUID{0xff, 7})).ThenDone().When(define(workshop, "One more", rights.DevicesRead)).ThenDone()
}

func TestRightsOfProfiles(t *testing.T) {
	t.Parallel()
	got, problems := account.NormaliseRights([]string{"devices.renew", "account.read", "devices.renew"})
	if diff := cmp.Diff([]rights.Right{rights.AccountRead, rights.DevicesRenew}, got); diff != "" || problems != nil {
		t.Error(diff, problems)
	}
	for _, c := range []struct {
		names []string
		codes string
	}{
		{nil, "rights_missing"},
		{[]string{"devices.read", ""}, "right_unknown"},
		{[]string{"Devices.Read"}, "right_unknown"},
		{[]string{"users.manage", "accounts.manage", "allocations.grant", "operations.read", "sandbox.clock", "audits.grant"}, strings.TrimSpace(strings.Repeat("right_not_assignable ", 6))},
		{[]string{"users.manage", "king", "devices.read"}, "right_unknown right_not_assignable"},
	} {
		var codes []string
		got, problems := account.NormaliseRights(c.names)
		for _, p := range problems {
			codes = append(codes, p.Code)
		}
		if strings.Join(codes, " ") != c.codes || got != nil {
			t.Errorf("%q: %v, %v", c.names, codes, got)
		}
	}
	// What got into the log by another way still gives nothing more.
	s := given(t, created, account.ProfileDefined{Account: uid, Profile: workshop, Name: "W", Rights: []rights.Right{rights.UsersManage, rights.DevicesRead}})
	if p := s.State.Profile(workshop.String()); len(p.Rights) != 1 {
		t.Errorf("%+v", p)
	}
}

// Whatever is defined, changed and removed: no two names are the same, no
// profile has a right that profiles cannot have, and a command on its own result
// changes nothing.
func TestHistoriesOfProfiles(t *testing.T) {
	t.Parallel()
	names := []string{"Workshop", "WORKSHOP", "Depot", "ﬁeld", "field", "Full access"}
	everything := append(rights.Administrator(), rights.Operators()...)
	rapid.Check(t, func(t *rapid.T) {
		s := account.Evolve(account.State{}, created)
		for range 30 {
			profile, name := uuid.UUID{byte(rapid.IntRange(1, 4).Draw(t, "profile"))}, rapid.SampledFrom(names).Draw(t, "name")
			var asked []string
			for _, r := range rapid.SliceOfN(rapid.SampledFrom(everything), 1, 6).Draw(t, "rights") {
				asked = append(asked, string(r))
			}
			normal, problems := account.NormaliseRights(asked)
			decide := []decision{define(profile, name, normal...), editProfile(profile, name, normal...), removeProfile(profile)}[rapid.IntRange(0, 2).Draw(t, "command")]
			if len(problems) > 0 {
				continue
			}
			events := domaintest.Allowed(decide(s))
			for _, e := range events {
				s = account.Evolve(s, e)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("on its own result: %+v", again)
			}
			seen := map[string]bool{}
			for _, p := range append(append([]rights.Profile{}, rights.Profiles...), s.Profiles...) {
				if key := text.Key(p.Name); seen[key] {
					t.Fatalf("two profiles are called %s", key)
				} else {
					seen[key] = true
				}
				if over := rights.Common(p.Rights, append(rights.Operators(), rights.UsersManage)); len(over) > 0 || len(p.Rights) == 0 {
					t.Fatalf("%+v", p)
				}
			}
		}
	})
}
