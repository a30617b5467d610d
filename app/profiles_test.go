package app_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// define defines a profile of an account and gives its id.
func (w *world) define(uid uuid.UUID, name string, given ...rights.Right) string {
	w.t.Helper()
	done, err := w.Accounts.DefineProfile(w.ctx, administratorOf(uid), accounts.DefineProfile{Command: newCommand(), Account: uid, Name: name, Rights: texts(given)})
	require.NoError(w.t, err)
	return done.UID.String()
}

func texts(given []rights.Right) []string {
	names := make([]string, len(given))
	for i, r := range given {
		names[i] = string(r)
	}
	return names
}

func (w *world) giveRights(uid uuid.UUID, profile string, given ...rights.Right) {
	w.t.Helper()
	names := texts(given)
	_, err := w.Accounts.EditProfile(w.ctx, administratorOf(uid), accounts.EditProfile{Command: newCommand(), Account: uid, Profile: profile, Rights: &names})
	require.NoError(w.t, err)
}

func (w *world) removeProfile(uid uuid.UUID, profile string) {
	w.t.Helper()
	_, err := w.Accounts.RemoveProfile(w.ctx, administratorOf(uid), accounts.RemoveProfile{Command: newCommand(), Account: uid, Profile: profile})
	require.NoError(w.t, err)
}

func (w *world) assign(reseller, customer uuid.UUID, profile string) error {
	_, err := w.Partnerships.Assign(w.ctx, administratorOf(customer), partnerships.Assign{
		Command: newCommand(), Reseller: reseller, Customer: customer, Profile: profile,
	})
	return err
}

// relabel is a command that needs devices.edit and changes nothing.
func (w *world) relabel(caller access.Caller, serial string) error {
	_, err := w.Devices.Edit(w.ctx, caller, devices.Edit{Command: newCommand(), Device: serial, Labels: &[]string{}})
	return err
}

// A profile that the customer has defined holds for the partner as it is at this
// moment, and only there.
func TestProfileOfAPartner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer, other := w.customer(reseller, "Delta Rail"), w.customer(reseller, "Echo Rail")
	serial := w.registered(customer, router(1))[0]
	partner := administratorOf(reseller)
	workshop := w.define(customer, "Workshop", rights.DevicesRead, rights.DevicesEdit)

	refused(t, w.assign(reseller, other, workshop), partnership.CodeProfileUnknown)
	require.NoError(t, w.assign(reseller, customer, workshop))
	require.NoError(t, w.relabel(partner, serial))
	require.ErrorIs(t, w.relabel(withRights(reseller, rights.DevicesRead), serial), access.ErrForbidden, "a token that has not the right itself")
	_, _, err := w.Accounts.Get(w.ctx, partner, customer, query.Freshness{})
	require.ErrorIs(t, err, access.ErrForbidden, "no account.read")

	w.giveRights(customer, workshop, rights.DevicesRead)
	require.ErrorIs(t, w.relabel(partner, serial), access.ErrForbidden)
	w.giveRights(customer, workshop, rights.DevicesEdit)
	require.NoError(t, w.relabel(partner, serial))
	w.removeProfile(customer, workshop)
	require.ErrorIs(t, w.relabel(partner, serial), query.ErrNotFound)
	refused(t, w.assign(reseller, customer, workshop), partnership.CodeProfileUnknown)
	require.NoError(t, w.assign(reseller, customer, rights.ReadOnly))
	require.ErrorIs(t, w.relabel(partner, serial), access.ErrForbidden)
}

// Users and personal tokens have what their profiles give at this moment.
func TestProfilesOfUsersAndTokens(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	workshop := m.define(m.account, "Workshop", rights.DevicesRead, rights.DevicesEdit)
	elsewhere := m.define(m.reseller("South Radio"), "Workshop", rights.DevicesRead)
	_, err := m.People.Invite(m.ctx, m.admin, people.Invite{Command: newCommand(), Account: m.account, Email: "cy@x.example", Profiles: []string{elsewhere}})
	refused(t, err, user.CodeProfileUnknown)
	bo := m.join("bo@x.example", false, workshop, rights.ReadOnly)
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: "bo@x.example", Password: password, Address: "192.0.2.1"})
	require.NoError(t, err)
	rightsOf := func() rights.Set {
		caller, err := m.People.SessionCaller(m.ctx, in.Token)
		require.NoError(t, err)
		return caller.Rights
	}
	require.ElementsMatch(t, append(profileOf(rights.ReadOnly), rights.DevicesEdit), rightsOf())

	caller, err := m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(t, err)
	_, err = m.People.CreateToken(m.ctx, caller, people.CreateToken{Command: newCommand(), Label: "x", Profile: elsewhere, ExpiresAt: m.clock.Now().AddDate(0, 0, 9)})
	refused(t, err, user.CodeProfileUnknown)
	held, secret := m.token(caller, people.CreateToken{Profile: workshop})
	require.ElementsMatch(t, rights.Set{rights.DevicesRead, rights.DevicesEdit}, held.Rights)

	m.giveRights(m.account, workshop, rights.DevicesRetire)
	require.ElementsMatch(t, append(profileOf(rights.ReadOnly), rights.DevicesRetire), rightsOf())
	held, err = m.People.TokenCaller(m.ctx, secret)
	require.NoError(t, err)
	require.Equal(t, rights.Set{rights.DevicesRetire}, held.Rights, "as far as the profile and the user go now")
	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(bo), Profiles: &[]string{rights.ReadOnly}})
	require.NoError(t, err)
	held, err = m.People.TokenCaller(m.ctx, secret)
	require.NoError(t, err)
	require.Empty(t, held.Rights)
	require.NotNil(t, held.Limit)

	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(bo), Profiles: &[]string{workshop}})
	require.NoError(t, err)
	m.removeProfile(m.account, workshop)
	require.Empty(t, rightsOf(), "and bo is still let in, to nothing")
	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(bo), Profiles: &[]string{workshop}})
	refused(t, err, user.CodeProfileUnknown)
}

func TestWhoDefinesProfiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail") // which lets the reseller do everything
	workshop := w.define(customer, "Workshop", rights.DevicesRead)
	foreign := w.reseller("South Radio")
	name, given := "Mine", []string{"devices.read"}
	for _, c := range []struct {
		caller access.Caller
		want   error
	}{
		{administratorOf(reseller), access.ErrForbidden}, // a partner
		{withRights(customer, rights.Assignable()...), access.ErrForbidden},
		{administratorOf(foreign), query.ErrNotFound},
		{administratorOf(customer), nil},
		{operator(), nil},
	} {
		name += "!"
		done, err := w.Accounts.DefineProfile(w.ctx, c.caller, accounts.DefineProfile{Command: newCommand(), Account: customer, Name: name, Rights: given})
		require.ErrorIs(t, err, c.want)
		_, err = w.Accounts.EditProfile(w.ctx, c.caller, accounts.EditProfile{Command: newCommand(), Account: customer, Profile: workshop, Rights: &given})
		require.ErrorIs(t, err, c.want)
		mine := workshop
		if c.want == nil {
			mine = done.UID.String()
		}
		_, err = w.Accounts.RemoveProfile(w.ctx, c.caller, accounts.RemoveProfile{Command: newCommand(), Account: customer, Profile: mine})
		require.ErrorIs(t, err, c.want)
	}
	// The profile of one account is none of another, and a shipped one is nobody's to change.
	other := w.define(customer, "Other", rights.DevicesRead)
	for profile, want := range map[string]error{other: query.ErrNotFound, uuid.NewString(): query.ErrNotFound, "nonsense": query.ErrNotFound} {
		_, err := w.Accounts.EditProfile(w.ctx, administratorOf(foreign), accounts.EditProfile{Command: newCommand(), Account: foreign, Profile: profile, Name: &name})
		require.ErrorIs(t, err, want)
		_, err = w.Accounts.RemoveProfile(w.ctx, administratorOf(foreign), accounts.RemoveProfile{Command: newCommand(), Account: foreign, Profile: profile})
		require.ErrorIs(t, err, want)
	}
	_, err := w.Accounts.EditProfile(w.ctx, administratorOf(foreign), accounts.EditProfile{Command: newCommand(), Account: foreign, Profile: "full", Name: &name})
	refused(t, err, account.CodeProfileShipped)
	_, err = w.Accounts.DefineProfile(w.ctx, operator(), accounts.DefineProfile{Command: newCommand(), Account: uuid.New(), Name: name, Rights: given})
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Accounts.DefineProfile(w.ctx, operator(), accounts.DefineProfile{Command: newCommand(), Account: foreign, Name: "\x00", Rights: []string{"users.manage", "king"}})
	refused(t, err, account.CodeNameInvalid, account.CodeRightNotAssignable, account.CodeRightUnknown)
}

// The same command again is the same profile, also when it was removed since.
func TestRepeatedProfileCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.reseller("North Radio")
	admin := administratorOf(uid)
	c := accounts.DefineProfile{Command: newCommand(), Account: uid, Name: "Workshop", Rights: []string{"devices.read"}}
	first, err := w.Accounts.DefineProfile(w.ctx, admin, c)
	require.NoError(t, err)
	again, err := w.Accounts.DefineProfile(w.ctx, admin, c)
	require.NoError(t, err)
	require.Equal(t, first.UID, again.UID)
	stale := eventlog.Revision(0)
	remove := accounts.RemoveProfile{Command: newCommand(), Account: uid, Profile: first.UID.String(), IfRevision: &stale}
	_, err = w.Accounts.RemoveProfile(w.ctx, admin, remove)
	require.ErrorIs(t, err, command.ErrPrecondition)
	remove.IfRevision = &first.Revision
	for range 2 {
		_, err = w.Accounts.RemoveProfile(w.ctx, admin, remove)
		require.NoError(t, err)
	}
	again, err = w.Accounts.DefineProfile(w.ctx, admin, c)
	require.NoError(t, err)
	require.Equal(t, first.UID, again.UID)
	given, err := w.Access.ProfileRights(w.ctx, uid, first.UID.String())
	require.NoError(t, err)
	require.Empty(t, given, "it does not come back")
}

// Whatever profiles are defined, changed, removed and given to whom: nobody ever
// has a right that is not in what the profiles name at that moment.
func TestNobodyGetsMoreThanTheProfilesName(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	customer := m.customer(m.account, "Delta Rail")
	p := &profiled{team: m, customer: customer, serial: m.registered(customer, router(1))[0], bo: m.join("bo@x.example", false, rights.ReadOnly)}
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: "bo@x.example", Password: password, Address: "192.0.2.1"})
	require.NoError(t, err)
	p.token = in.Token
	rounds, broken := 0, false
	rapid.Check(t, func(t *rapid.T) {
		if rounds++; rounds > 40 && !broken { // enough, on a real log
			return
		}
		broken = true // unless it gets to the end
		p.begin()
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			p.step(t)
		}
		p.check(t)
		broken = false
	})
}

// profiled is a user and a partner, and what their profiles should give.
type profiled struct {
	*team
	customer uuid.UUID
	serial   string // of a device of the customer
	bo       uuid.UUID
	token    string // of bo's session
	defined  int

	profiles  map[uuid.UUID]map[string][]rights.Right // those that are, of whom
	ids       []string                                // all that ever were
	ofUser    []string
	ofPartner string
}

// begin leaves nothing of what was before.
func (p *profiled) begin() {
	for uid, all := range p.profiles {
		for id := range all {
			p.removeProfile(uid, id)
		}
	}
	p.profiles = map[uuid.UUID]map[string][]rights.Right{p.account: {}, p.customer: {}}
	p.ids, p.ofUser, p.ofPartner = []string{rights.ReadOnly, "full"}, nil, ""
}

func (p *profiled) step(t *rapid.T) {
	uid := rapid.SampledFrom([]uuid.UUID{p.account, p.customer}).Draw(t, "account")
	given := rapid.SliceOfNDistinct(rapid.SampledFrom(rights.Assignable()), 1, 5, rapid.ID).Draw(t, "rights")
	known := slices.Sorted(maps.Keys(p.profiles[uid]))
	step := rapid.SampledFrom([]string{"define", "rights", "remove", "give", "give"}).Draw(t, "step")
	switch {
	case step == "define" || step != "give" && len(known) == 0:
		p.defined++
		id := p.define(uid, fmt.Sprintf("Profile %d", p.defined), given...)
		p.profiles[uid][id], p.ids = given, append(p.ids, id)
	case step == "rights":
		id := rapid.SampledFrom(known).Draw(t, "profile")
		p.giveRights(uid, id, given...)
		p.profiles[uid][id] = given
	case step == "remove":
		id := rapid.SampledFrom(known).Draw(t, "profile")
		p.removeProfile(uid, id)
		delete(p.profiles[uid], id)
	case uid == p.account:
		wanted := rapid.SliceOfNDistinct(rapid.SampledFrom(p.ids), 1, 2, rapid.ID).Draw(t, "profiles")
		_, err := p.People.Edit(p.ctx, p.admin, people.Edit{UserCommand: p.about(p.bo), Profiles: &wanted})
		if p.given(t, err, uid, wanted...) {
			p.ofUser = wanted
		}
	default:
		wanted := rapid.SampledFrom(p.ids).Draw(t, "profile")
		if p.given(t, p.assign(p.account, p.customer, wanted), uid, wanted) {
			p.ofPartner = wanted
		}
	}
}

// given reports whether profiles could be given, and insists that this was
// right: only those that the account has at that moment can be.
func (p *profiled) given(t *rapid.T, err error, uid uuid.UUID, ids ...string) bool {
	strange := slices.ContainsFunc(ids, func(id string) bool { return len(p.gives(uid, id)) == 0 })
	if strange != (err != nil) {
		t.Fatalf("giving %v: %v", ids, err)
	}
	return err == nil
}

// gives is what profiles of an account give together.
func (p *profiled) gives(uid uuid.UUID, ids ...string) (all rights.Set) {
	for _, id := range ids {
		shipped, _ := rights.Find(id)
		all = append(append(all, shipped.Rights...), p.profiles[uid][id]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (p *profiled) check(t *rapid.T) {
	caller, err := p.People.SessionCaller(p.ctx, p.token)
	require.NoError(t, err)
	has := slices.Sorted(slices.Values(caller.Rights))
	if may := p.gives(p.account, p.ofUser...); p.ofUser != nil && !slices.Equal(has, may) {
		t.Fatalf("the user has %v, by profiles %v", has, may)
	}
	may := p.gives(p.customer, p.ofPartner)
	err = p.relabel(p.admin, p.serial)
	if p.ofPartner != "" && may.Has(rights.DevicesEdit) != (err == nil) {
		t.Fatalf("the partner has %v: %v", may, err)
	}
}
