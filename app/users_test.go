package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func TestInvitedUserJoinsWithProfiles(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := m.invite("bo@x.example", false, "renewals", "read-only", "renewals")
	accept := people.Activate{Command: newCommand(), Password: password}
	shown, err := m.People.Invitation(m.ctx, m.Tokens.UserInvitation(uid, 1))
	require.NoError(t, err)
	require.Equal(t, "North Radio", shown.Account.Name)
	require.Equal(t, account.Pending, shown.Status)
	require.Equal(t, "bo@x.example", shown.Person.Email)
	require.False(t, shown.Administrator)

	m.clock.Advance(7 * 24 * time.Hour)
	_, err = m.People.Activate(m.ctx, m.Tokens.UserInvitation(uid, 1), accept)
	refused(t, err, account.CodeInvitationExpired)
	m.admin = m.signIn(m.email) // the session has run out too
	_, err = m.People.ResendInvitation(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	for _, wrong := range []string{m.Tokens.UserInvitation(uid, 1), m.Tokens.Invitation(uid, 2), m.Tokens.UserInvitation(m.account, 1)} {
		_, err = m.People.Activate(m.ctx, wrong, accept)
		require.ErrorIs(t, err, query.ErrNotFound)
	}
	done, err := m.People.Activate(m.ctx, m.Tokens.UserInvitation(uid, 2), accept)
	require.NoError(t, err)
	require.Equal(t, uid, done.UID)
	accept.Command = newCommand()
	_, err = m.People.Activate(m.ctx, m.Tokens.UserInvitation(uid, 2), accept)
	refused(t, err, user.CodeUserActive)

	caller := m.signIn("bo@x.example")
	require.False(t, caller.Administrator)
	require.True(t, caller.Rights.Has(rights.DevicesRenew))
	require.False(t, caller.Rights.Has(rights.DevicesTransfer))
	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(uid), Profiles: &[]string{"read-only"}})
	require.NoError(t, err)
	require.False(t, m.signIn("bo@x.example").Rights.Has(rights.DevicesRenew))
	m.later()
	m.invariants()
}

func TestInvitationsThatAreRefused(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	invite := func(caller access.Caller, email string, change func(*people.Invite)) error {
		c := people.Invite{Command: newCommand(), Account: m.account, Email: email, Profiles: []string{"renewals"}}
		change(&c)
		_, err := m.People.Invite(m.ctx, caller, c)
		return err
	}
	as := func(*people.Invite) {}
	require.NoError(t, invite(m.admin, "bo@x.example", as))
	refused(t, invite(m.admin, "BO@x.example", as), account.CodeEmailTaken)
	refused(t, invite(m.admin, m.email, as), account.CodeEmailTaken)
	refused(t, invite(m.admin, "new@x.example", func(c *people.Invite) { c.Profiles = nil }), user.CodeProfileMissing)
	refused(t, invite(m.admin, "nobody", func(c *people.Invite) { c.Profiles, c.Name = []string{"king"}, "\x00" }),
		account.CodeEmailInvalid, user.CodeProfileUnknown, account.CodeNameInvalid)

	m.join("full@x.example", false, "full")
	full := m.signIn("full@x.example")
	require.ErrorIs(t, invite(full, "new@x.example", as), access.ErrForbidden, "no profile gives it")
	_, err := m.People.List(m.ctx, full, query.UserQuery{Account: m.account})
	require.ErrorIs(t, err, access.ErrForbidden)
	stranger := administratorOf(m.reseller("South Radio"))
	require.ErrorIs(t, invite(stranger, "new@x.example", as), query.ErrNotFound)
	customer := m.customer(m.account, "Delta Rail") // which lets the reseller do everything
	require.ErrorIs(t, invite(m.admin, "new@x.example", func(c *people.Invite) { c.Account = customer }), access.ErrForbidden)
	require.NoError(t, invite(operator(), "new@x.example", as))
	_, err = m.People.RevokeInvitation(m.ctx, administratorOf(customer), people.UserCommand{
		Command: newCommand(), Account: customer, User: uuid.MustParse(full.Actor.ID),
	})
	require.ErrorIs(t, err, query.ErrNotFound, "a user of another account")
}

func TestRevokedInvitationFreesTheAddress(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := m.invite("bo@x.example", true)
	_, err := m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(uid), Administrator: no(), Profiles: &[]string{"full"}})
	refused(t, err, user.CodeUserPending)
	_, err = m.People.Deactivate(m.ctx, m.admin, m.about(uid))
	refused(t, err, user.CodeUserPending)
	_, err = m.People.RevokeInvitation(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	_, err = m.People.Activate(m.ctx, m.Tokens.UserInvitation(uid, 1), people.Activate{Command: newCommand(), Password: password})
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.People.ResendInvitation(m.ctx, m.admin, m.about(uid))
	refused(t, err, user.CodeInvitationRevoked)
	require.NotEqual(t, uid, m.join("bo@x.example", true))
	require.True(t, m.signIn("bo@x.example").Administrator)
	_, err = m.People.RevokeInvitation(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err, "once more changes nothing")
	m.later()
	m.invariants()
}

func TestDeactivatedUserIsOutAtOnce(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := m.join("bo@x.example", true, "renewals")
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: "bo@x.example", Password: password})
	require.NoError(t, err)
	caller, err := m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(t, err)
	made, err := m.People.CreateToken(m.ctx, caller, people.CreateToken{
		Command: newCommand(), Label: "ci", Profile: "renewals", ExpiresAt: m.clock.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	_, err = m.People.Deactivate(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	_, err = m.People.SessionCaller(m.ctx, in.Token)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.People.TokenCaller(m.ctx, made.Token)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(uid), Administrator: yes()})
	refused(t, err, account.CodeUserDeactivated)

	_, err = m.People.Reactivate(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	_, err = m.People.SessionCaller(m.ctx, in.Token)
	require.ErrorIs(t, err, query.ErrNotFound, "the session has ended")
	again := m.signIn("bo@x.example")
	require.False(t, again.Administrator, "comes back as an ordinary user")
	require.True(t, again.Rights.Has(rights.DevicesRenew))
	m.later()
	m.invariants()
}

// Everybody tries to remove somebody at once: one administrator remains.
func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	first := uuid.MustParse(m.admin.Actor.ID)
	_, err := m.People.Deactivate(m.ctx, m.admin, m.about(first))
	refused(t, err, account.CodeLastAdministrator)
	administrators := []uuid.UUID{first}
	for i := range 3 {
		administrators = append(administrators, m.join(fmt.Sprintf("a%d@x.example", i), true))
	}
	errs := make([]error, len(administrators))
	concurrently(len(administrators), func(i int) {
		if i%2 == 0 {
			_, errs[i] = m.People.Deactivate(m.ctx, operator(), m.about(administrators[i]))
			return
		}
		_, errs[i] = m.People.Edit(m.ctx, operator(), people.Edit{
			UserCommand: m.about(administrators[i]), Administrator: no(), Profiles: &[]string{"read-only"},
		})
	})
	stayed := 0
	for _, err := range errs {
		if err != nil {
			refused(t, err, account.CodeLastAdministrator)
			stayed++
		}
	}
	require.Equal(t, 1, stayed)
	m.later()
	m.invariants()
}

func TestEditedUserNeedsAProfile(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := m.join("bo@x.example", true)
	edit := func(c people.Edit) error {
		c.UserCommand = m.about(uid)
		_, err := m.People.Edit(m.ctx, m.admin, c)
		return err
	}
	refused(t, edit(people.Edit{Administrator: no()}), user.CodeProfileMissing)
	require.True(t, m.signIn("bo@x.example").Administrator, "nothing is half done")
	require.NoError(t, edit(people.Edit{Administrator: no(), Profiles: &[]string{"full"}}))
	refused(t, edit(people.Edit{Profiles: &[]string{}}), user.CodeProfileMissing)
	refused(t, edit(people.Edit{Profiles: &[]string{"king"}}), user.CodeProfileUnknown)
	stale := eventlog.Revision(0)
	c := m.about(uid)
	c.IfRevision = &stale
	_, err := m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: c, Administrator: yes()})
	require.ErrorIs(t, err, command.ErrPrecondition)
	require.False(t, m.signIn("bo@x.example").Administrator)
}
