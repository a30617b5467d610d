package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
)

// The service's clock is an hour wrong while an operation is submitted, and right
// again before it is carried out, or in the middle: it goes through at once, and so
// does what follows on the same devices.
func TestOperationsWhileTheClockJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.withOperations()
			reseller := w.reseller("North Radio")
			customer := w.customer(reseller, "Delta Rail")
			const own, all = 15, 600 // devices of the reseller's, and with those of its customer
			rows := routers(1, all)
			for i := range rows[own:] {
				rows[own+i].Account = customer
			}

			w.clock.Advance(jump)
			op, err := w.Operations.Submit(w.ctx, w.tokenOf(reseller), operations.Submission{
				Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: rows},
			})
			require.NoError(t, err)
			done, err := w.Operations.RunOperationChunk(w.ctx, op.ID)
			require.NoError(t, err)
			require.False(t, done)
			w.clock.Advance(-jump)
			op = w.run(op)
			require.Equal(t, ports.OperationDone, op.State)
			require.Equal(t, map[domain.Outcome]int{domain.OutcomeCreated: all}, op.Counters)

			named := make([]string, own)
			for i := range named {
				named[i] = rows[i].SerialNumber
			}
			op, err = w.Operations.Submit(w.ctx, w.tokenOf(reseller), operations.Submission{
				Command: newCommand(), Kind: ports.OperationTransfer, Transfer: transfers.Transfer{From: reseller, To: customer, Devices: named},
			})
			require.NoError(t, err)
			w.clock.Advance(jump)
			require.Equal(t, map[domain.Outcome]int{domain.OutcomeTransferred: own}, w.run(op).Counters)
			w.clock.Advance(-jump)
			w.invariants()
		})
	}
}
