package app_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
)

// An account has so many operations under way at most; others, and the operator, do not
// notice, and what was queued already is the same operation.
func TestOperationsUnderWayAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = func(d *app.Dependencies) { d.OperationsAtOnce = 2 }
	w.App = w.with(w.log)
	north, south := w.reseller("North Radio"), w.reseller("South Radio")
	row := 0
	submission := func() operations.Submission {
		row++
		return operations.Submission{
			Command: newCommand(), Kind: ports.OperationRegistration,
			Registrations: devices.Register{Items: routers(row, 1)},
		}
	}
	ours := w.tokenOf(north)
	submit := func(caller access.Caller, s operations.Submission) (ports.Operation, error) {
		return w.Operations.Submit(w.ctx, caller, s)
	}
	first := submission()
	op, err := submit(ours, first)
	require.NoError(t, err)
	_, err = submit(ours, submission())
	require.NoError(t, err)
	third := submission()
	_, err = submit(ours, third)
	many, ok := errors.AsType[*operations.TooMany](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 2, many.Most)
	again, err := submit(ours, first)
	require.NoError(t, err)
	require.Equal(t, op.ID, again.ID)
	_, err = submit(w.tokenOf(south), submission())
	require.NoError(t, err)
	_, err = submit(operatorFor(north), submission())
	require.NoError(t, err)
	w.run(op)
	_, err = submit(ours, third)
	require.NoError(t, err, "one has finished")
}
