package app_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Whoever comes in makes no token and changes no password in silence.
func TestNewTokensAndPasswordsAreTold(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	own, _ := m.session()
	c := people.CreateToken{Command: newCommand(), Label: "CI of mine", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0)}
	made, err := m.People.CreateToken(m.ctx, own, c)
	require.NoError(t, err)
	_, err = m.People.CreateToken(m.ctx, own, c)
	require.NoError(t, err)
	_, err = m.People.ChangePassword(m.ctx, own, changing(password, newPassword))
	require.NoError(t, err)
	m.forgotten(m.email)
	_, err = m.People.ResetPassword(m.ctx, m.Tokens.PasswordReset(uuid.MustParse(own.Actor.ID), 1), people.ResetPassword{Command: newCommand(), Password: "yet another staple"})
	require.NoError(t, err)

	told := []string{user.PersonalTokenMade{}.EventType(), user.PasswordChanged{}.EventType()}
	events := slices.DeleteFunc(m.everything(), func(e eventlog.Recorded) bool { return !slices.Contains(told, e.Event.EventType()) })
	box := &letterbox{}
	require.NoError(t, m.Mailings(box, "https://fleet.example").HandleBatch(m.ctx, eventlog.Batch{Events: events}))
	var subjects []string
	for _, mail := range box.mails {
		require.Equal(t, m.email, mail.To)
		require.NotContains(t, mail.Body+mail.HTML, made.Token)
		subjects = append(subjects, mail.Subject)
	}
	require.Equal(t, []string{"A personal API token was made", "Your password was changed", "Your password was changed"}, subjects, "once each")
	require.Contains(t, box.mails[0].Body, "CI of mine")

	// The label is the user's own, and goes with the user.
	for _, e := range m.everything() {
		_, _, data, err := eventlog.Codec.Encode(e.Event)
		require.NoError(t, err)
		require.NotContains(t, string(data), made.Token)
	}
	bo := m.join("bo@x.example", false, "full")
	m.made(m.signIn("bo@x.example"))
	_, err = m.People.Erase(m.ctx, operator(), bo, newCommand())
	require.NoError(t, err)
	for _, e := range m.everything() {
		if of, ok := e.Event.(user.PersonalTokenMade); ok && of.User == bo {
			require.NotEqual(t, "ci", of.Named.Name)
		}
	}
}
