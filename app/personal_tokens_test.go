package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

func (m *team) token(caller access.Caller, c people.CreateToken) (access.Caller, string) {
	m.t.Helper()
	c.Command, c.Label, c.ExpiresAt = newCommand(), "ci", m.clock.Now().Add(30*24*time.Hour)
	made, err := m.People.CreateToken(m.ctx, caller, c)
	require.NoError(m.t, err)
	holder, err := m.People.TokenCaller(m.ctx, made.Token)
	require.NoError(m.t, err)
	return holder, made.Token
}

// A token is narrower than its user, in the own account and in partnered ones,
// and shrinks with the user.
func TestTokenIsNeverWiderThanItsUser(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	customer := m.customer(m.account, "Delta Rail") // which lets the reseller do everything
	device := m.registered(customer, router(1))[0]
	mine := m.registered(m.account, router(2))[0]
	uid := m.join("bo@x.example", false, "device-manager")
	bo := m.signIn("bo@x.example")
	suspend := func(caller access.Caller, serial string) error {
		_, err := m.Devices.Suspend(m.ctx, caller, devices.LifeCycle{Command: newCommand(), Device: serial})
		return err
	}
	reading, _ := m.token(bo, people.CreateToken{Rights: []string{"devices.read"}})
	require.Equal(t, bo.Actor, reading.Actor, "it acts as the user")
	require.ErrorIs(t, suspend(reading, mine), access.ErrForbidden)
	require.ErrorIs(t, suspend(reading, device), access.ErrForbidden, "though the partner profile would give it")
	managing, secret := m.token(bo, people.CreateToken{Profile: "device-manager"})
	require.NoError(t, suspend(managing, mine))
	require.NoError(t, suspend(managing, device))

	_, err := m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(uid), Profiles: &[]string{"renewals"}})
	require.NoError(t, err)
	managing, err = m.People.TokenCaller(m.ctx, secret)
	require.NoError(t, err)
	require.ElementsMatch(t, profileOf("renewals"), managing.Rights)
	require.ErrorIs(t, suspend(managing, mine), access.ErrForbidden, "the user's rights have shrunk")
	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(uid), Administrator: yes()})
	require.NoError(t, err)
	managing, err = m.People.TokenCaller(m.ctx, secret)
	require.NoError(t, err)
	require.False(t, managing.Administrator)
	require.ElementsMatch(t, profileOf("device-manager"), managing.Rights, "no wider than it was made")
	_, err = m.People.List(m.ctx, managing, query.UserQuery{Account: m.account})
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = m.People.CreateToken(m.ctx, managing, people.CreateToken{})
	refused(t, err, people.CodeSessionRequired)
}

func profileOf(id string) rights.Set {
	p, _ := rights.Find(id)
	return p.Rights
}

func TestTokensAreListedExpireAndAreRevoked(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	_, secret := m.token(m.admin, people.CreateToken{Rights: []string{"users.manage", "devices.read", "devices.read"}})
	_, other := m.token(m.admin, people.CreateToken{Profile: "renewals"})
	all, err := m.People.Tokens(m.ctx, m.admin)
	require.NoError(t, err)
	require.Len(t, all, 2)
	m.join("bo@x.example", false, "full")
	require.ErrorIs(t, m.People.RevokeToken(m.ctx, m.signIn("bo@x.example"), all[0].ID), query.ErrNotFound, "not one's own")
	for _, one := range all {
		if one.Profile == "" {
			require.Equal(t, rights.Set{"devices.read", "users.manage"}, one.Rights)
			require.NoError(t, m.People.RevokeToken(m.ctx, m.admin, one.ID))
			require.ErrorIs(t, m.People.RevokeToken(m.ctx, m.admin, one.ID), query.ErrNotFound)
		}
	}
	_, err = m.People.TokenCaller(m.ctx, secret)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.People.TokenCaller(m.ctx, other)
	require.NoError(t, err)
	m.clock.Advance(30 * 24 * time.Hour)
	_, err = m.People.TokenCaller(m.ctx, other)
	require.ErrorIs(t, err, query.ErrNotFound, "expired")
}

func TestSameCommandIsOneToken(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	c := people.CreateToken{Command: newCommand(), Label: "ci", Profile: "renewals", ExpiresAt: m.clock.Now().Add(time.Hour)}
	made := make([]people.CreatedToken, 4)
	errs := make([]error, 4)
	concurrently(4, func(i int) { made[i], errs[i] = m.People.CreateToken(m.ctx, m.admin, c) })
	for i := range made {
		require.NoError(t, errs[i])
		require.Equal(t, made[0], made[i])
	}
	c.Label = "other"
	_, err := m.People.CreateToken(m.ctx, m.admin, c)
	refused(t, err, command.CodeIdempotencyReuse)
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.join("bo@x.example", false, "renewals")
	bo := m.signIn("bo@x.example")
	soon := m.clock.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		token people.CreateToken
		codes []string
	}{
		"wider":   {people.CreateToken{Label: "x", ExpiresAt: soon, Rights: []string{"devices.read", "devices.retire"}}, []string{people.CodeRightNotHeld}},
		"unknown": {people.CreateToken{Label: "x", ExpiresAt: soon, Rights: []string{"world.rule"}}, []string{account.CodeRightUnknown}},
		"wider profile": {
			people.CreateToken{Label: "x", ExpiresAt: soon, Profile: "device-manager"},
			[]string{people.CodeRightNotHeld, people.CodeRightNotHeld, people.CodeRightNotHeld},
		},
		"no profile": {people.CreateToken{Label: "x", ExpiresAt: soon, Profile: "king"}, []string{user.CodeProfileUnknown}},
		"nothing":    {people.CreateToken{ExpiresAt: m.clock.Now()}, []string{people.CodeLabelInvalid, people.CodeExpiryInvalid, account.CodeRightsMissing}},
		"both":       {people.CreateToken{Label: "x", ExpiresAt: soon, Profile: "renewals", Rights: []string{"devices.read"}}, []string{account.CodeRightsMissing}},
		"for ever":   {people.CreateToken{Label: "x", ExpiresAt: soon.AddDate(2, 0, 0), Profile: "renewals"}, []string{people.CodeExpiryInvalid}},
	} {
		c.token.Command = newCommand()
		_, err := m.People.CreateToken(m.ctx, bo, c.token)
		t.Log(name)
		refused(t, err, c.codes...)
	}
	_, err := m.People.CreateToken(m.ctx, administratorOf(m.account), people.CreateToken{})
	refused(t, err, people.CodeSessionRequired)
}
