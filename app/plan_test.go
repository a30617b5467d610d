package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// plan plans a transfer by the administrator of an account.
func (w *world) plan(by access.Caller, from, to uuid.UUID, serials ...string) transfers.TransferPlan {
	w.t.Helper()
	p, err := w.Transfers.Plan(w.ctx, by, transfers.Transfer{Command: newCommand(), From: from, To: to, Devices: serials})
	require.NoError(w.t, err)
	return p
}

func (w *world) commit(by access.Caller, plan uuid.UUID, change ...func(*transfers.Transfer)) command.BulkResult {
	w.t.Helper()
	c := transfers.Transfer{Command: newCommand(), Plan: plan}
	for _, f := range change {
		f(&c)
	}
	r, err := w.Transfers.Transfer(w.ctx, by, c)
	require.NoError(w.t, err)
	return r
}

func (w *world) rename(serial, name string) {
	w.t.Helper()
	_, err := w.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serial, Name: &name})
	require.NoError(w.t, err)
}

func (w *world) renew(serial string) {
	w.t.Helper()
	r, err := w.Renewals.Renew(w.ctx, operator(), renewals.Renew{Command: newCommand(), Devices: []string{serial}, Term: calendar.Months(36)})
	require.NoError(w.t, err)
	require.Equal(w.t, 1, r.Count(domain.OutcomeRenewed))
}

func verdicts(p transfers.TransferPlan) [][]string {
	var all [][]string
	for _, d := range p.Devices {
		all = append(all, codes(d.Problems))
	}
	return all
}

func TestPlanSaysWhatTheCommitDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 2)...)
	w.registered(customer, router(50))
	w.rename(router(50).SerialNumber, "router 2")
	before := len(w.everything())

	p := w.plan(administratorOf(reseller), reseller, customer, serials[0], serials[1], "LD99999999999999", serials[0])
	require.Equal(t, [][]string{nil, {"name_taken"}, {"device_not_found"}, {"duplicate_in_request"}}, verdicts(p))
	require.NotEmpty(t, p.Devices[1].Problems[0].Remedies)
	require.Equal(t, calendar.On(2026, time.March, 10), p.Devices[0].Resulting.Service.Start)
	require.Equal(t, calendar.On(2027, time.March, 10), p.Devices[0].Resulting.Service.End)
	require.Equal(t, calendar.On(2027, time.March, 10), p.Devices[0].Resulting.WarrantyEnd)
	require.Equal(t, calendar.On(2027, time.March, 10), p.Devices[0].Resulting.SupportExpiry)
	require.Len(t, w.everything(), before, "no device has changed")

	kept, err := w.Transfers.TransferPlan(w.ctx, administratorOf(reseller), p.Plan.Plan)
	require.NoError(t, err)
	require.Equal(t, p, kept)
	r := w.commit(administratorOf(reseller), p.Plan.Plan)
	require.Equal(t, []string{"transferred", "refused name_taken", "refused device_not_found", "refused duplicate_in_request"}, outcomes(r),
		"as planned, refusals too")
	require.Equal(t, p.Devices[0].Resulting.Service, w.device(serials[0]).Service)

	again := w.commit(administratorOf(reseller), p.Plan.Plan)
	require.Equal(t, "refused changed_since_plan not_in_source", outcomes(again)[0])
	w.later()
	w.invariants()
}

func TestPlansHoldWhatTheyPromise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 6)...)
	w.registered(customer, router(50))
	w.rename(router(50).SerialNumber, "router 5")
	p := w.plan(administratorOf(reseller), reseller, customer, serials...).Plan.Plan

	w.rename(serials[0], "another name") // changes neither the decision nor the dates
	w.renew(serials[1])                  // another end of service
	require.Equal(t, 1, w.transfer(reseller, customer, serials[2]).Count(domain.OutcomeTransferred))
	_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serials[3]})
	require.NoError(t, err)
	w.rename(router(50).SerialNumber, "router 50")  // what was refused would now be allowed
	w.rename(router(50).SerialNumber, "ROUTER   6") // and what was allowed would be refused

	atomic := w.commit(administratorOf(reseller), p, func(c *transfers.Transfer) { c.Atomic, c.DryRun = true, true })
	want := []string{
		"transferred", "refused changed_since_plan", "refused changed_since_plan not_in_source",
		"refused changed_since_plan device_retired", "refused changed_since_plan", "refused changed_since_plan name_taken",
	}
	refusedWhole := slices.Clone(want)
	refusedWhole[0] = "refused batch_refused"
	require.Equal(t, refusedWhole, outcomes(atomic))
	atomic = w.commit(administratorOf(reseller), p, func(c *transfers.Transfer) { c.Atomic = true })
	require.Equal(t, refusedWhole, outcomes(atomic), "all or nothing")
	require.Equal(t, reseller, w.device(serials[0]).Account)

	r := w.commit(administratorOf(reseller), p)
	require.Equal(t, want, outcomes(r))
	facts := r.Results[1].Problems[0].Facts
	require.Equal(t, "2027-03-10", facts["plannedServiceEnd"])
	require.Equal(t, "2030-03-10", facts["serviceEnd"])
	w.later()
	w.invariants()
}

func TestPlansEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serial := w.registered(reseller, router(1))[0]
	p := w.plan(administratorOf(reseller), reseller, customer, serial).Plan.Plan

	w.clock.Advance(24 * time.Hour)
	_, err := w.Transfers.Transfer(w.ctx, administratorOf(reseller), transfers.Transfer{Command: newCommand(), Plan: p})
	refused(t, err, transfers.CodePlanExpired)
	_, err = w.Transfers.TransferPlan(w.ctx, administratorOf(reseller), p)
	require.NoError(t, err, "it can still be read")
}

// A plan holds over midnight: what only the date changes is no change.
func TestPlansHoldOverMidnight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	sold, renewed := w.registered(reseller, router(1))[0], w.registered(reseller, router(2))[0]
	old := w.registered(reseller, router(3))[0]
	p := w.plan(administratorOf(reseller), reseller, customer, sold, renewed)
	require.Equal(t, calendar.On(2026, time.March, 10), p.Day)
	w.renew(renewed)
	w.clock.Advance(23 * time.Hour)
	require.Equal(t, []string{"transferred", "refused changed_since_plan"}, outcomes(w.commit(administratorOf(reseller), p.Plan.Plan)))
	require.Equal(t, calendar.On(2027, time.March, 11), w.device(sold).Service.End, "by the date of the commit")

	w.clock.Advance(364 * 24 * time.Hour) // the last day of the included year
	late := w.plan(administratorOf(reseller), reseller, customer, old)
	require.Empty(t, late.Devices[0].Problems)
	w.clock.Advance(23 * time.Hour)
	require.Equal(t, []string{"refused service_allocation_missing"}, outcomes(w.commit(administratorOf(reseller), late.Plan.Plan)),
		"what the rules no longer allow has their own code")
	w.later()
	w.invariants()
}

func TestPlansBelongToAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serial := w.registered(reseller, router(1))[0]
	p := w.plan(administratorOf(reseller), reseller, customer, serial).Plan.Plan
	mine := w.plan(operator(), reseller, customer, serial).Plan.Plan
	for name, c := range map[string]struct {
		by   access.Caller
		plan uuid.UUID
	}{
		"the other account":  {administratorOf(customer), p},
		"a stranger":         {administratorOf(w.reseller("South Radio")), p},
		"the operator":       {operator(), p},
		"of the operator":    {administratorOf(reseller), mine},
		"no plan":            {administratorOf(reseller), uuid.New()},
		"nobody's, for them": {operator(), uuid.New()},
	} {
		_, err := w.Transfers.TransferPlan(w.ctx, c.by, c.plan)
		require.ErrorIs(t, err, query.ErrNotFound, name)
		_, err = w.Transfers.Transfer(w.ctx, c.by, transfers.Transfer{Command: newCommand(), Plan: c.plan})
		require.ErrorIs(t, err, query.ErrNotFound, name)
	}
	_, err := w.Transfers.Plan(w.ctx, administratorOf(customer), transfers.Transfer{
		Command: newCommand(), From: w.reseller("East Radio"), To: customer, Devices: []string{serial},
	})
	require.ErrorIs(t, err, query.ErrNotFound, "the source account is none of the caller's business")
	_, err = w.Transfers.Plan(w.ctx, operator(), transfers.Transfer{Command: newCommand(), From: reseller, To: customer, Devices: make([]string, 1001)})
	refused(t, err, transfers.CodePlanTooLarge)
	_, err = w.Transfers.Plan(w.ctx, operator(), transfers.Transfer{Command: newCommand(), From: reseller, To: customer})
	refused(t, err, device.CodeSelectionEmpty)
}

func TestTwoCommitsOfOnePlanAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(customer, routers(1, 25)...)
	p := w.plan(administratorOf(reseller), customer, reseller, serials...)
	full := 0
	for _, d := range p.Devices {
		if len(d.Problems) > 0 {
			require.Equal(t, []string{"device_limit_reached"}, codes(d.Problems))
			full++
		}
	}
	require.Equal(t, 5, full)
	results := make([]command.BulkResult, 3)
	concurrently(3, func(i int) {
		var err error
		results[i], err = w.Transfers.Transfer(w.ctx, administratorOf(reseller), transfers.Transfer{
			Command: newCommand(), Plan: p.Plan.Plan, Atomic: i == 2,
		})
		if err != nil {
			t.Error(err)
		}
	})
	moved := 0
	for _, r := range results {
		moved += r.Count(domain.OutcomeTransferred)
	}
	require.Equal(t, 20, moved, "each device once")
	for _, serial := range serials[20:] {
		require.Equal(t, customer, w.device(serial).Account, "what the plan refused stays")
	}
	w.later()
	w.invariants()
}

// A plan that its process did not finish is none; the same request makes it.
func TestCrashesOfAPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(customer, routers(1, 60)...) // two parts
	for n := 1; n <= 3; n++ {
		for _, before := range []bool{true, false} {
			c := transfers.Transfer{Command: newCommand(), From: customer, To: reseller, Devices: serials}
			_, err := w.dying(n, before).Transfers.Plan(w.ctx, administratorOf(reseller), c)
			require.ErrorIs(t, err, errDead)
			_, err = w.Transfers.TransferPlan(w.ctx, administratorOf(reseller), c.ID)
			if n < 3 || before {
				require.ErrorIs(t, err, query.ErrNotFound)
			}
			p, err := w.Transfers.Plan(w.ctx, administratorOf(reseller), c)
			require.NoError(t, err)
			require.Len(t, p.Devices, 60)
		}
	}
}
