package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// A device of a standard account that goes to resellers and comes back, whenever
// and by transfers, plans or reversals, ends on the day on which its twin ends
// that has stayed.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	homes := []uuid.UUID{w.customer(reseller, "Delta Rail"), w.customer(reseller, "Alder Ambulance")}
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n += 2
		serials := w.registered(homes[0], routers(n, 2)...)
		traveller, twin := serials[0], serials[1]
		holder, last := homes[0], uuid.Nil
		move := func(to uuid.UUID) {
			c := transfers.Transfer{Command: newCommand(), From: holder, To: to, Devices: []string{traveller}}
			if rapid.Bool().Draw(r, "planned") {
				plan, err := w.Transfers.Plan(w.ctx, operator(), c)
				require.NoError(r, err)
				w.clock.Advance(time.Duration(rapid.IntRange(0, 23).Draw(r, "hours")) * time.Hour)
				c = transfers.Transfer{Command: newCommand(), Plan: plan.Plan.Plan}
			}
			done, err := w.Transfers.Transfer(w.ctx, operator(), c)
			require.NoError(r, err)
			if done.Count(domain.OutcomeTransferred) == 1 {
				holder, last = to, done.ID
			}
		}
		for range rapid.IntRange(1, 5).Draw(r, "steps") {
			w.clock.Advance(time.Duration(rapid.IntRange(0, 300).Draw(r, "days")) * 24 * time.Hour)
			switch what := rapid.IntRange(0, 3).Draw(r, "what"); {
			case what == 0:
				w.renew(traveller)
				w.renew(twin)
			case what == 1 && last != uuid.Nil:
				if w.reverse(operator(), last).Count(domain.OutcomeTransferred) == 1 {
					holder, last = w.device(traveller).Account, uuid.Nil
				}
			case holder == reseller:
				move(rapid.SampledFrom(homes).Draw(r, "home"))
			default:
				move(reseller)
			}
		}
		if holder == reseller {
			move(homes[0])
		}
		there, stayed := w.device(traveller), w.device(twin)
		require.Equal(r, stayed.Allocation().Until, there.Allocation().Until)
		if holder == reseller { // what it had has run out meanwhile
			require.Less(r, stayed.Service.End, calendar.DateOf(w.clock.Now()))
		} else {
			require.Equal(r, stayed.Service.End, there.Service.End)
		}
		_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: traveller})
		require.NoError(r, err, "its place is free")
	})
}
