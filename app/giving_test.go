package app_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Whoever chooses partners gives them no more than it has itself, neither at once nor
// for longer.
func TestNobodyGivesAPartnerMoreThanItHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller, other := w.reseller("North Radio"), w.reseller("South Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	clerk := withRights(customer, rights.PartnersEdit, rights.AccountRead, rights.CustomersRead, rights.PartnersRead, rights.DevicesRead)
	assign := func(caller access.Caller, profile string, until *time.Time) error {
		_, err := w.Partnerships.Assign(w.ctx, caller, partnerships.Assign{Command: newCommand(), Reseller: reseller, Customer: customer, Profile: profile, Until: until})
		return err
	}
	establish := func(caller access.Caller, profile string) error {
		_, err := w.Partnerships.Establish(w.ctx, caller, partnerships.Establish{Command: newCommand(), Reseller: other, Customer: customer, Profile: profile})
		return err
	}
	refused(t, assign(clerk, "full", nil), access.CodeRightNotHeld)
	refused(t, establish(clerk, "renewals"), access.CodeRightNotHeld)
	require.NoError(t, establish(clerk, ""), "it has what read-only gives")
	require.NoError(t, establish(withRights(customer, rights.PartnersEdit), ""), "gives nothing new")

	soon, later := w.clock.Now().Add(time.Hour), w.clock.Now().Add(48*time.Hour)
	require.NoError(t, assign(administratorOf(customer), "full", nil))
	require.NoError(t, assign(clerk, "", &later), "ends sooner than never")
	require.NoError(t, assign(clerk, "", &soon))
	refused(t, assign(clerk, "", &later), access.CodeRightNotHeld)
	refused(t, assign(clerk, "", &time.Time{}), access.CodeRightNotHeld)
	require.NoError(t, assign(clerk, "device-manager", nil), "less than before")
	refused(t, assign(clerk, "full", nil), access.CodeRightNotHeld)

	third := w.reseller("East Radio")
	asked, err := w.wants(third, customer, "")
	require.NoError(t, err)
	accept := func(profile string) error {
		_, err := w.Partnerships.AcceptRequest(w.ctx, clerk, partnerships.AcceptRequest{Command: newCommand(), ID: asked, Profile: profile})
		return err
	}
	refused(t, accept("full"), access.CodeRightNotHeld)
	require.NoError(t, accept(""))
}

// A reseller's member has no more in a customer's account than its own profiles give;
// administrators have all of the partner profile.
func TestAMemberHasNoMoreAtACustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	member := withRights(reseller, rights.DevicesRead, rights.DevicesEdit)
	member.Actor.Kind = domain.ActorUser
	in := func(caller access.Caller) rights.Set {
		set, err := w.Access.Request(caller).In(w.ctx, customer)
		require.NoError(t, err)
		return set
	}
	require.ElementsMatch(t, rights.Set{rights.DevicesRead, rights.DevicesEdit}, in(member))
	require.ElementsMatch(t, rights.Assignable(), in(administratorOf(reseller)))
}

// Only whoever has all that an administrator has says who administers a customer's
// account, also while nobody has accepted.
func TestWhoCorrectsAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	correct := func(caller access.Caller) error {
		_, err := w.Accounts.CorrectEmail(w.ctx, caller, accounts.CorrectEmail{Command: newCommand(), Account: customer, Email: "me@x.example"})
		return err
	}
	refused(t, correct(withRights(reseller, rights.Assignable()...)), access.CodeRightNotHeld)
	require.NoError(t, correct(administratorOf(reseller)))
}

// given is what somebody has been given: by its name, what it could do.
type given map[string]rights.Set

// giving draws who gives what to whom.
type giving struct {
	*team
	r        *rapid.T
	partners []uuid.UUID
	users    []uuid.UUID
	profiles []string
	made     int
}

// Whoever gives something to somebody, by whichever command: nobody gains what the
// giver does not have. Givers are users, tokens of accounts, and personal tokens of
// administrators with some of their rights.
func TestNobodyGainsWhatTheGiverLacks(t *testing.T) {
	t.Parallel()
	w := newTeam(t)
	// The account is a customer's: it has users, profiles and partners.
	w.account = w.standard("Delta Rail")
	g := &giving{team: w}
	for _, name := range []string{"North", "South"} {
		g.partners = append(g.partners, w.reseller(name))
	}
	succeeded, refusals := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		g.r = r
		for range 50 {
			giver := g.giver()
			held, err := w.Access.Request(giver).In(w.ctx, w.account)
			require.NoError(r, err)
			before := g.all()
			what, err := g.give(giver)
			after := g.all()
			for name, now := range after {
				if gained := rights.Beyond(rights.Beyond(now, before[name]), held); len(gained) > 0 {
					r.Fatalf("%s by a caller with %v: %s gains %v", what, held, name, gained)
				}
			}
			switch {
			case err == nil:
				succeeded++
			case errors.Is(err, access.ErrForbidden), errors.Is(err, query.ErrNotFound), len(domain.ProblemsOf(err)) > 0:
				refusals++
			default:
				r.Fatalf("%s: %v", what, err)
			}
		}
	})
	t.Logf("%d given, %d refused", succeeded, refusals)
	require.Positive(t, succeeded)
}

var manageable = append(rights.Assignable(), rights.UsersRead, rights.UsersManage)

func (g *giving) some(of rights.Set, most int) rights.Set {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, most, rapid.ID).Draw(g.r, "rights")
}

func (g *giving) giver() access.Caller {
	set := g.some(manageable, len(manageable))
	if rapid.Bool().Draw(g.r, "much") {
		set = append(rights.Beyond(manageable, g.some(rights.Assignable(), 3)), rights.PartnersEdit)
	}
	caller := withRights(g.account, set...)
	if rapid.Bool().Draw(g.r, "personal token") {
		caller.Limit = set
	}
	if rapid.Bool().Draw(g.r, "administrator") {
		caller.Administrator = true // all, or what its token leaves
	}
	return caller
}

// give carries out one command, whatever becomes of it.
func (g *giving) give(by access.Caller) (what string, err error) {
	partner := rapid.SampledFrom(g.partners).Draw(g.r, "partner")
	profile := rapid.SampledFrom(append([]string{"read-only", "renewals", "device-manager", "full"}, g.profiles...)).Draw(g.r, "profile")
	person := uuid.New()
	if len(g.users) > 0 {
		person = rapid.SampledFrom(g.users).Draw(g.r, "user")
	}
	on := people.UserCommand{Command: newCommand(), Account: g.account, User: person}
	administrator := rapid.Bool().Draw(g.r, "as administrator")
	g.made++
	switch rapid.IntRange(0, 9).Draw(g.r, "what") {
	case 0:
		set := texts(g.some(rights.Assignable(), 4))
		r, err := g.Accounts.DefineProfile(g.ctx, by, accounts.DefineProfile{Command: newCommand(), Account: g.account, Name: fmt.Sprint("profile ", g.made), Rights: set})
		if err == nil {
			g.profiles = append(g.profiles, r.UID.String())
		}
		return "define a profile", err
	case 1:
		set := texts(g.some(rights.Assignable(), 6))
		_, err := g.Accounts.EditProfile(g.ctx, by, accounts.EditProfile{Command: newCommand(), Account: g.account, Profile: profile, Rights: &set})
		return "edit a profile", err
	case 2:
		r, err := g.People.Invite(g.ctx, by, people.Invite{
			Command: newCommand(), Account: g.account, Email: fmt.Sprintf("user%d@x.example", g.made), Profiles: []string{profile}, Administrator: administrator,
		})
		if err == nil {
			g.users = append(g.users, r.UID)
		}
		return "invite", err
	case 3:
		_, err := g.People.ResendInvitation(g.ctx, by, on)
		return "invite again", err
	case 4:
		_, err := g.People.Activate(g.ctx, g.Tokens.UserInvitation(person, 1), people.Activate{Command: newCommand(), Password: password})
		return "accept", err
	case 5:
		_, err := g.People.Edit(g.ctx, by, people.Edit{UserCommand: on, Profiles: &[]string{profile}, Administrator: &administrator})
		return "edit a user", err
	case 6:
		_, err := g.People.Deactivate(g.ctx, by, on)
		return "deactivate", err
	case 7:
		_, err := g.People.Reactivate(g.ctx, by, on)
		return "reactivate", err
	case 8:
		_, err := g.Partnerships.Establish(g.ctx, by, partnerships.Establish{Command: newCommand(), Reseller: partner, Customer: g.account, Profile: profile})
		return "establish a partnership", err
	default:
		_, err := g.Partnerships.Assign(g.ctx, by, partnerships.Assign{Command: newCommand(), Reseller: partner, Customer: g.account, Profile: profile})
		return "assign a profile", err
	}
}

// all is what everybody has been given, or will have on accepting.
func (g *giving) all() given {
	all := given{}
	acc := g.world.account(g.account)
	of := func(profiles []string) (set rights.Set) {
		for _, id := range profiles {
			set = append(set, acc.Profile(id).Rights...)
		}
		return set
	}
	for _, id := range g.profiles {
		all["profile "+id] = of([]string{id})
	}
	for _, uid := range g.users {
		l, err := eventlog.Load(g.ctx, g.log, user.Aggregate, uid)
		require.NoError(g.r, err)
		u := l.State
		switch {
		case u.Status == user.Revoked, acc.KeepsOut(uid):
		case acc.Administers(uid), u.Status == user.Pending && u.Administrator:
			all["user "+uid.String()] = append(rights.Administrator(), of(u.Profiles)...)
		default:
			all["user "+uid.String()] = of(u.Profiles)
		}
	}
	for _, uid := range g.partners {
		l, err := eventlog.Load(g.ctx, g.log, partnership.Aggregate, partnership.UID(uid, g.account))
		require.NoError(g.r, err)
		if l.State.ActiveAt(g.clock.Now()) {
			all["partner "+uid.String()] = of([]string{l.State.Profile})
		}
	}
	return all
}
