package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

func (m *team) token(caller access.Caller, c app.CreateToken) (access.Caller, string) {
	m.t.Helper()
	c.Command, c.Label, c.ExpiresAt = command(), "ci", m.clock.Now().Add(30*24*time.Hour)
	made, err := m.CreateToken(m.ctx, caller, c)
	require.NoError(m.t, err)
	holder, err := m.TokenCaller(m.ctx, made.Token)
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
		_, err := m.SuspendDevice(m.ctx, caller, app.DeviceCommand{Command: command(), Device: serial})
		return err
	}
	reading, _ := m.token(bo, app.CreateToken{Rights: []string{"devices.read"}})
	require.Equal(t, bo.Actor, reading.Actor, "it acts as the user")
	require.ErrorIs(t, suspend(reading, mine), access.ErrForbidden)
	require.ErrorIs(t, suspend(reading, device), access.ErrForbidden, "though the partner profile would give it")
	managing, secret := m.token(bo, app.CreateToken{Profile: "device-manager"})
	require.NoError(t, suspend(managing, mine))
	require.NoError(t, suspend(managing, device))

	_, err := m.EditUser(m.ctx, m.admin, app.EditUser{UserCommand: m.about(uid), Profiles: &[]string{"renewals"}})
	require.NoError(t, err)
	managing, err = m.TokenCaller(m.ctx, secret)
	require.NoError(t, err)
	require.ElementsMatch(t, profileOf("renewals"), managing.Rights)
	require.ErrorIs(t, suspend(managing, mine), access.ErrForbidden, "the user's rights have shrunk")
	_, err = m.EditUser(m.ctx, m.admin, app.EditUser{UserCommand: m.about(uid), Administrator: yes()})
	require.NoError(t, err)
	managing, err = m.TokenCaller(m.ctx, secret)
	require.NoError(t, err)
	require.False(t, managing.Administrator)
	require.ElementsMatch(t, profileOf("device-manager"), managing.Rights, "no wider than it was made")
	_, err = m.Users(m.ctx, managing, query.UserQuery{Account: m.account})
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = m.CreateToken(m.ctx, managing, app.CreateToken{})
	refused(t, err, app.CodeSessionRequired)
}

func profileOf(id string) rights.Set {
	p, _ := rights.Find(id)
	return p.Rights
}

func TestTokensAreListedExpireAndAreRevoked(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	_, secret := m.token(m.admin, app.CreateToken{Rights: []string{"users.manage", "devices.read", "devices.read"}})
	_, other := m.token(m.admin, app.CreateToken{Profile: "renewals"})
	all, err := m.Tokens(m.ctx, m.admin)
	require.NoError(t, err)
	require.Len(t, all, 2)
	m.join("bo@x.example", false, "full")
	require.ErrorIs(t, m.RevokeToken(m.ctx, m.signIn("bo@x.example"), all[0].ID), query.ErrNotFound, "not one's own")
	for _, one := range all {
		if one.Profile == "" {
			require.Equal(t, rights.Set{"devices.read", "users.manage"}, one.Rights)
			require.NoError(t, m.RevokeToken(m.ctx, m.admin, one.ID))
			require.ErrorIs(t, m.RevokeToken(m.ctx, m.admin, one.ID), query.ErrNotFound)
		}
	}
	_, err = m.TokenCaller(m.ctx, secret)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.TokenCaller(m.ctx, other)
	require.NoError(t, err)
	m.clock.advance(30 * 24 * time.Hour)
	_, err = m.TokenCaller(m.ctx, other)
	require.ErrorIs(t, err, query.ErrNotFound, "expired")
}

func TestSameCommandIsOneToken(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	c := app.CreateToken{Command: command(), Label: "ci", Profile: "renewals", ExpiresAt: m.clock.Now().Add(time.Hour)}
	made := make([]app.CreatedToken, 4)
	errs := make([]error, 4)
	together(4, func(i int) { made[i], errs[i] = m.CreateToken(m.ctx, m.admin, c) })
	for i := range made {
		require.NoError(t, errs[i])
		require.Equal(t, made[0], made[i])
	}
	c.Label = "other"
	_, err := m.CreateToken(m.ctx, m.admin, c)
	refused(t, err, app.CodeCommandReused)
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.join("bo@x.example", false, "renewals")
	bo := m.signIn("bo@x.example")
	soon := m.clock.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		token app.CreateToken
		codes []string
	}{
		"wider":   {app.CreateToken{Label: "x", ExpiresAt: soon, Rights: []string{"devices.read", "devices.retire"}}, []string{app.CodeRightNotHeld}},
		"unknown": {app.CreateToken{Label: "x", ExpiresAt: soon, Rights: []string{"world.rule"}}, []string{app.CodeRightUnknown}},
		"wider profile": {
			app.CreateToken{Label: "x", ExpiresAt: soon, Profile: "device-manager"},
			[]string{app.CodeRightNotHeld, app.CodeRightNotHeld, app.CodeRightNotHeld},
		},
		"no profile": {app.CreateToken{Label: "x", ExpiresAt: soon, Profile: "king"}, []string{user.CodeProfileUnknown}},
		"nothing":    {app.CreateToken{ExpiresAt: m.clock.Now()}, []string{app.CodeLabelInvalid, app.CodeExpiryInvalid, app.CodeRightsMissing}},
		"both":       {app.CreateToken{Label: "x", ExpiresAt: soon, Profile: "renewals", Rights: []string{"devices.read"}}, []string{app.CodeRightsMissing}},
		"for ever":   {app.CreateToken{Label: "x", ExpiresAt: soon.AddDate(2, 0, 0), Profile: "renewals"}, []string{app.CodeExpiryInvalid}},
	} {
		c.token.Command = command()
		_, err := m.CreateToken(m.ctx, bo, c.token)
		t.Log(name)
		refused(t, err, c.codes...)
	}
	_, err := m.CreateToken(m.ctx, administratorOf(m.account), app.CreateToken{})
	refused(t, err, app.CodeSessionRequired)
}
