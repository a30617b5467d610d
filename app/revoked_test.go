package app_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
)

func (w *world) submit(caller access.Caller, rows ...devices.Registration) ports.Operation {
	w.t.Helper()
	op, err := w.Operations.Submit(w.ctx, caller, operations.Submission{
		Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: rows},
	})
	require.NoError(w.t, err)
	return op
}

func revoked(t testing.TB, op ports.Operation) {
	t.Helper()
	require.Equal(t, ports.OperationFailed, op.State)
	require.True(t, strings.HasPrefix(op.Error, "caller_revoked: "), op.Error)
}

// Whoever may not do any more what an operation was submitted for stops it, whatever
// way the right went; what does not take the right away does not.
func TestAnOperationNeedsTheRightsOfNow(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	bo := m.join("bo@x.example", false, "device-manager")
	caller := m.signIn("bo@x.example")
	edited := func(profile string) {
		_, err := m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(bo), Profiles: &[]string{profile}})
		require.NoError(t, err)
	}
	narrow, _ := m.token(caller, people.CreateToken{Rights: []string{"devices.register"}})
	own := m.tokenOf(m.account)
	n := 0
	next := func() devices.Registration { n++; return router(n) }

	op := m.submit(caller, next())
	require.NoError(t, m.People.EndSessions(m.ctx, caller, false))
	require.Equal(t, ports.OperationDone, m.run(op).State, "that a session has ended says nothing")
	caller = m.signIn("bo@x.example")
	require.Equal(t, ports.OperationDone, m.run(m.submit(narrow, next())).State)
	require.Equal(t, ports.OperationDone, m.run(m.submit(own, next())).State)
	require.Equal(t, ports.OperationDone, m.run(m.submit(operatorFor(m.account), next())).State)

	op, later := m.submit(caller, next()), m.submit(narrow, next())
	edited("read-only")
	revoked(t, m.run(op))
	revoked(t, m.run(later))
	edited("device-manager")
	op = m.submit(narrow, next())
	require.NoError(t, m.People.RevokeToken(m.ctx, caller, narrow.Token))
	revoked(t, m.run(op))
	op = m.submit(own, next())
	require.NoError(t, postgres.NewTokens(m.pool).Revoke(m.ctx, m.account, uuid.MustParse(own.Actor.ID), m.clock.Now()))
	revoked(t, m.run(op))
	op = m.submit(caller, next())
	_, err := m.People.Deactivate(m.ctx, m.admin, m.about(bo))
	require.NoError(t, err)
	revoked(t, m.run(op))
	require.Equal(t, m.run(op), m.run(op), "it stays so")

	for i := range n {
		require.Equal(t, i < 4, m.device(router(i+1).SerialNumber).Exists(), "device %d", i+1)
	}
}

// A chunk that has begun stops after the items that it is at, and the next, or the
// same again after a crash, does nothing.
func TestAnOperationStopsWithItsCaller(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	bo := m.join("bo@x.example", false, "device-manager")
	caller := m.signIn("bo@x.example")
	rows, customer := routers(1, 120), m.customer(m.account, "Delta Rail")
	for i := range rows {
		rows[i].Account = customer
	}
	crashed, op := m.submit(caller, rows[100:]...), m.submit(caller, rows[:100]...)
	dead := m.with(m.log, func(d *app.Dependencies) { d.Operations = forgetful{m.operations} })
	_, err := dead.Operations.RunOperationChunk(m.ctx, crashed.ID)
	require.ErrorIs(t, err, errDead)

	deactivated := &closesAt{Log: m.log, left: 30, then: func() {
		_, err := m.People.Deactivate(m.ctx, m.admin, m.about(bo))
		require.NoError(t, err)
	}}
	done, err := m.with(deactivated).Operations.RunOperationChunk(m.ctx, op.ID)
	require.NoError(t, err)
	require.True(t, done)
	results, err := m.Operations.Results(m.ctx, m.admin, op.ID, 0, 100)
	require.NoError(t, err)
	created := command.BulkResult{Results: results}.Count(domain.OutcomeCreated)
	require.Greater(t, created, 0)
	require.Less(t, created, 60)
	for _, r := range results {
		if r.Outcome == domain.OutcomeRefused {
			require.Equal(t, []string{"caller_revoked"}, codes(r.Problems))
		}
	}
	revoked(t, m.run(crashed))
}
