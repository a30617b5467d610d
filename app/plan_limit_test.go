package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
)

// An account has so many plans that have not expired; others, and the operator, do not
// notice, a repeat is the same plan, and one that expires makes room.
func TestPlansAreLimited(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	w.more = func(d *app.Dependencies) { d.Plans = transfers.PlanLimits{Life: 24 * time.Hour, Most: 2} }
	w.App = w.with(w.log)
	north, south := w.reseller("North Radio"), w.reseller("South Radio")
	northern, southern := w.customer(north, "Delta Rail"), w.customer(south, "Echo Rail")
	w.visible()
	plan := func(by access.Caller, from, to uuid.UUID, c command.Command) (transfers.TransferPlan, error) {
		p, err := w.Transfers.Plan(w.ctx, by, transfers.Transfer{Command: c, From: from, To: to, Devices: []string{router(1).SerialNumber}})
		if err == nil && !c.DryRun {
			w.reaches(p)
		}
		return p, err
	}
	ours := func(c command.Command) (transfers.TransferPlan, error) {
		return plan(administratorOf(north), north, northern, c)
	}
	refused := func(c command.Command) time.Duration {
		t.Helper()
		_, err := ours(c)
		many, ok := errors.AsType[*transfers.TooManyPlans](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, 2, many.Most)
		return many.Wait
	}

	first := newCommand()
	made, err := ours(first)
	require.NoError(t, err)
	w.clock.Advance(time.Hour)
	_, err = ours(newCommand())
	require.NoError(t, err)
	require.Equal(t, 23*time.Hour, refused(newCommand()))
	require.Equal(t, 23*time.Hour, refused(dryRun()))
	again, err := ours(first)
	require.NoError(t, err)
	require.Equal(t, made.Plan, again.Plan)
	_, err = plan(administratorOf(south), south, southern, newCommand())
	require.NoError(t, err, "another account")
	for range 3 {
		_, err = plan(operatorFor(north), north, northern, newCommand())
		require.NoError(t, err, "the operator")
	}
	w.clock.Advance(23 * time.Hour)
	_, err = ours(newCommand())
	require.NoError(t, err, "the first has expired")
	require.Equal(t, time.Hour, refused(newCommand()))
}

// reaches waits until the read model has a plan.
func (w *timedWorld) reaches(p transfers.TransferPlan) {
	w.t.Helper()
	_, err := w.reader.TransferPlans(w.ctx, query.TransferPlanQuery{
		Freshness: query.Freshness{MinPosition: p.Position}, Page: query.Page{Limit: 1}, Now: w.clock.Now(),
	})
	require.NoError(w.t, err)
}
