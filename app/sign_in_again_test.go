package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// wantingFresh is everything that wants a fresh sign-in, by a caller of the account.
func (m *team) wantingFresh(caller access.Caller, other uuid.UUID) map[string]error {
	m.t.Helper()
	hour, email, profiles := 60, uuid.NewString()+"@x.example", []string{"full"}
	fail := func(_ any, err error) error { return err }
	tried := map[string]error{
		"an administrator": fail(m.People.Invite(m.ctx, caller, people.Invite{Command: newCommand(), Account: m.account, Email: email, Administrator: true})),
		"profiles":         fail(m.People.Edit(m.ctx, caller, people.Edit{UserCommand: m.about(other), Profiles: &profiles})),
		"security options": fail(m.Accounts.Secure(m.ctx, caller, accounts.Secure{Command: newCommand(), Account: m.account, Options: account.Secure{SessionMinutes: &hour}})),
		"factors reset":    fail(m.People.ResetFactors(m.ctx, caller, m.about(other))),
	}
	if caller.Session != uuid.Nil {
		email = "own-" + email
		tried["a personal token"] = fail(m.People.CreateToken(m.ctx, caller, people.CreateToken{
			Command: newCommand(), Label: "ci", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0),
		}))
		tried["a factor"] = fail(m.People.AddFactor(m.ctx, caller, people.AddFactor{Command: newCommand(), Kind: user.OneTimeCodes, Name: "phone"}))
		tried["another address"] = fail(m.People.EditSelf(m.ctx, caller, people.EditSelf{Command: newCommand(), Email: &email}))
	}
	return tried
}

// want says how all of it ends.
func (m *team) want(tried map[string]error, want error) {
	m.t.Helper()
	for what, err := range tried {
		if want == nil {
			require.NoError(m.t, err, what)
			continue
		}
		require.ErrorIs(m.t, err, want, what)
	}
}

func TestAFreshSignInIsWanted(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	other := m.join("bo@x.example", false, "renewals")
	own, token := m.session()
	m.want(m.wantingFresh(own, other), nil)
	m.clock.Advance(10 * time.Minute)
	before := m.entireLog()
	m.want(m.wantingFresh(own, other), access.ErrFreshSignInRequired)
	require.Equal(t, before, m.entireLog())
	m.want(m.wantingFresh(administratorOf(m.account), other), nil) // no session
	name := "Ada K."
	_, err := m.People.EditSelf(m.ctx, own, people.EditSelf{Command: newCommand(), Name: &name})
	require.NoError(t, err)
	_, err = m.People.Invite(m.ctx, own, people.Invite{Command: newCommand(), Account: m.account, Email: "cy@x.example", Profiles: []string{"full"}})
	require.NoError(t, err, "no administrator")

	_, err = m.People.SignInAgain(m.ctx, own, people.SignInAgain{Password: "wrong horse battery"})
	refused(t, err, user.CodePasswordWrong)
	_, err = m.People.SignInAgain(m.ctx, own, people.SignInAgain{})
	refused(t, err, people.CodePasswordMissing)
	again, err := m.People.SignInAgain(m.ctx, own, people.SignInAgain{Password: password})
	require.NoError(t, err)
	require.Equal(t, people.SignedInAgain{Until: m.clock.Now().Add(10 * time.Minute)}, again)
	renewed, err := m.People.SessionCaller(m.ctx, token)
	require.NoError(t, err)
	require.Equal(t, own.Session, renewed.Session)
	m.want(m.wantingFresh(renewed, other), nil)
	for _, c := range []access.Caller{operator(), administratorOf(m.account)} {
		_, err = m.People.SignInAgain(m.ctx, c, people.SignInAgain{Password: password})
		refused(t, err, people.CodeSessionRequired)
	}

	// A stolen session does not find out the password, whichever way it asks.
	for range 5 {
		_, err = m.People.SignInAgain(m.ctx, own, people.SignInAgain{Password: "wrong horse battery"})
		refused(t, err, user.CodePasswordWrong)
	}
	var many *people.TooManyAttempts
	_, err = m.People.SignInAgain(m.ctx, own, people.SignInAgain{Password: password})
	require.ErrorAs(t, err, &many)
	_, err = m.People.ChangePassword(m.ctx, own, changing(password, newPassword))
	require.ErrorAs(t, err, &many)
}

// Whoever has a second factor gives that, too, in the session that asked for it.
func TestAFreshSignInAsksForTheFactor(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	own, token := m.session()
	m.factor(own)
	elsewhere := m.begun(m.email)
	m.clock.Advance(time.Hour)
	fresh := func() bool {
		caller, err := m.People.SessionCaller(m.ctx, token)
		require.NoError(t, err)
		return m.Access.Fresh(caller) == nil
	}
	again, err := m.People.SignInAgain(m.ctx, own, people.SignInAgain{Password: password})
	require.NoError(t, err)
	require.NotNil(t, again.Next)
	require.False(t, fresh(), "not yet")
	answer := people.AnswerSecondStep{Challenge: again.Next.Challenge, Code: "wrong"}
	_, err = m.People.AnswerAgain(m.ctx, own, answer)
	refused(t, err, user.CodeFactorWrong)
	answer.Code = nextCode()
	_, err = m.People.AnswerAgain(m.ctx, elsewhere, answer)
	refused(t, err, people.CodeChallengeUnknown)
	_, err = m.People.AnswerSecondStep(m.ctx, answer)
	refused(t, err, people.CodeChallengeUnknown)
	require.False(t, fresh())
	ends := make([]error, 4)
	concurrently(len(ends), func(i int) { _, ends[i] = m.People.AnswerAgain(m.ctx, own, answer) })
	went := 0
	for _, err := range ends {
		if err == nil {
			went++
			continue
		}
		require.True(t, isRefused(err, user.CodeFactorWrong) || isRefused(err, people.CodeChallengeUnknown), err)
	}
	require.Equal(t, 1, went)
	require.True(t, fresh())

	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: password})
	require.NoError(t, err)
	_, err = m.People.AnswerAgain(m.ctx, own, people.AnswerSecondStep{Challenge: in.Next.Challenge, Code: nextCode()})
	refused(t, err, people.CodeChallengeUnknown)
}

// begun is the caller of another session of somebody with a second factor.
func (m *team) begun(email string) access.Caller {
	m.t.Helper()
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password})
	require.NoError(m.t, err)
	in, err = m.People.AnswerSecondStep(m.ctx, people.AnswerSecondStep{Challenge: in.Next.Challenge, Code: nextCode()})
	require.NoError(m.t, err)
	caller, err := m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(m.t, err)
	return caller
}

// isRefused reports whether a command was refused with a code alone.
func isRefused(err error, code string) bool {
	problems := domain.ProblemsOf(err)
	return len(problems) == 1 && problems[0].Code == code
}

// The operator's sessions are fresh when they begin, and are begun anew.
func TestTheOperatorsSessionsAreFreshAtFirst(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	credential := uuid.New()
	in, err := m.People.SignInAsOperator(m.ctx, access.Caller{Actor: access.OperatorActor, Credential: credential})
	require.NoError(t, err)
	of := operatorWith(t, credential)
	grant := func() error {
		caller, err := m.People.OperatorCaller(m.ctx, in.Token, of)
		require.NoError(t, err)
		_, err = m.Audits.Grant(m.ctx, caller, m.grantFor(m.account))
		return err
	}
	require.NoError(t, grant())
	m.clock.Advance(10 * time.Minute)
	require.ErrorIs(t, grant(), access.ErrFreshSignInRequired)
	caller, err := m.People.OperatorCaller(m.ctx, in.Token, of)
	require.NoError(t, err)
	_, err = m.People.SignInAgain(m.ctx, caller, people.SignInAgain{Password: password})
	refused(t, err, people.CodeOperatorTokenRequired)
	_, err = m.Audits.Grant(m.ctx, operator(), m.grantFor(m.account))
	require.NoError(t, err)
}

// operatorWith has one operator, whose token a credential names.
func operatorWith(t *testing.T, credential uuid.UUID) access.OperatorOf {
	return func(_ context.Context, of uuid.UUID) (domain.Actor, error) {
		require.Equal(t, credential, of)
		return access.OperatorActor, nil
	}
}
