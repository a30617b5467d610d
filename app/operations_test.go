package app_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	operationstore "github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// withOperations gives the world operations whose chunks the test runs itself.
func (w *world) withOperations() ports.OperationStore {
	w.t.Helper()
	if w.operations == nil {
		w.operations = operationstore.NewStore(w.pool, func(context.Context, pgx.Tx, uuid.UUID) error { return nil }, eventlog.Epoch{})
		w.App = w.with(w.log)
	}
	return w.operations
}

// tokenOf is administratorOf with a token that is kept, as an operation needs.
func (w *world) tokenOf(uid uuid.UUID) access.Caller {
	w.t.Helper()
	c, id := administratorOf(uid), uuid.New()
	c.Actor.ID = id.String()
	require.NoError(w.t, postgres.NewTokens(w.pool).Create(w.ctx, ports.AccountToken{
		ID: id, Hash: id[:], Account: uid, Administrator: true, CreatedAt: w.clock.Now(),
	}))
	return c
}

func (w *world) run(op ports.Operation) ports.Operation {
	w.t.Helper()
	for range 20 {
		done, err := w.Operations.RunOperationChunk(w.ctx, op.ID)
		require.NoError(w.t, err)
		if done {
			op, err = w.Operations.Get(w.ctx, operator(), op.ID)
			require.NoError(w.t, err)
			return op
		}
	}
	w.t.Fatal("the operation does not end")
	return op
}

func TestOperationRunsInChunksAndRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := w.withOperations()
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")

	rows := routers(1, 700)
	for i := range rows {
		rows[i].Account = customer
	}
	rows[650] = rows[3]             // in another chunk
	rows[10].Name = "half\x00named" // the database's JSON has no NUL
	c := newCommand()
	s := operations.Submission{Command: c, Kind: ports.OperationRegistration, Registrations: devices.Register{Items: rows}}
	caller := w.tokenOf(reseller)
	op, err := w.Operations.Submit(w.ctx, caller, s)
	require.NoError(t, err)
	require.Equal(t, ports.OperationQueued, op.State)
	again, err := w.Operations.Submit(w.ctx, caller, s)
	require.NoError(t, err)
	require.Equal(t, op, again)

	// The first chunk is carried out and the process dies before it is recorded.
	dead := w.with(w.log, func(d *app.Dependencies) { d.Operations = forgetful{store} })
	_, err = dead.Operations.RunOperationChunk(w.ctx, op.ID)
	require.ErrorIs(t, err, errDead)
	require.True(t, w.device(rows[0].SerialNumber).Exists())

	op = w.run(op)
	require.Equal(t, ports.OperationDone, op.State)
	require.Equal(t, map[domain.Outcome]int{domain.OutcomeCreated: 698, domain.OutcomeRefused: 2}, op.Counters)
	results, err := w.Operations.Results(w.ctx, administratorOf(reseller), op.ID, 649, 2)
	require.NoError(t, err)
	require.Equal(t, 650, results[1].Index)
	require.Equal(t, []string{"created", "refused duplicate_in_request"}, []string{outcome(results[0]), outcome(results[1])})
	require.Equal(t, w.device(rows[649].SerialNumber), *results[0].Device)
	results, err = w.Operations.Results(w.ctx, administratorOf(reseller), op.ID, 10, 1)
	require.NoError(t, err)
	require.Equal(t, "refused name_invalid", outcome(results[0]))

	_, err = w.Operations.Get(w.ctx, administratorOf(customer), op.ID)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = w.Operations.Get(w.ctx, administratorOf(reseller), uuid.New())
	require.ErrorIs(t, err, query.ErrNotFound)
}

// forgetful is an operation store in a process that dies before it records.
type forgetful struct{ ports.OperationStore }

func (forgetful) SaveChunk(context.Context, uuid.UUID, ports.OperationChunk) error { return errDead }

func TestOperationsOfDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withOperations()
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 3)...)
	named := slices.Concat(serials, []string{serials[1], "LD99999999999999"})
	caller := w.tokenOf(reseller)

	op, err := w.Operations.Submit(w.ctx, caller, operations.Submission{
		Command: newCommand(), Kind: ports.OperationTransfer, Transfer: transfers.Transfer{From: reseller, To: customer, Devices: named},
	})
	require.NoError(t, err)
	require.Equal(t, map[domain.Outcome]int{domain.OutcomeTransferred: 3, domain.OutcomeRefused: 2}, w.run(op).Counters)

	op, err = w.Operations.Submit(w.ctx, caller, operations.Submission{
		Command: newCommand(), Kind: ports.OperationRenewal,
		Renewal: renewals.Renew{Devices: named, Term: calendar.Months(36), Atomic: true},
	})
	require.NoError(t, err)
	require.Equal(t, map[domain.Outcome]int{domain.OutcomeRefused: 5}, w.run(op).Counters)

	// An order of a reseller waits, one of the operator does not.
	for _, c := range []struct {
		by   access.Caller
		want domain.Outcome
		end  calendar.Date
	}{
		{caller, domain.OutcomeOrdered, calendar.On(2027, time.March, 10)},
		{operator(), domain.OutcomeRenewed, calendar.On(2030, time.March, 10)},
	} {
		op, err = w.Operations.Submit(w.ctx, c.by, operations.Submission{
			Command: newCommand(), Kind: ports.OperationRenewal, Renewal: renewals.Renew{Devices: serials, Term: calendar.Months(36)},
		})
		require.NoError(t, err)
		require.Equal(t, map[domain.Outcome]int{c.want: 3}, w.run(op).Counters)
		require.Equal(t, c.end, w.device(serials[2]).Service.End)
	}
}

func TestOperationIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withOperations()
	reseller := w.reseller("North Radio")
	caller := administratorOf(reseller)
	_, err := w.Operations.Submit(w.ctx, caller, operations.Submission{Command: newCommand(), Kind: "juggling"})
	refused(t, err, operations.CodeKindInvalid)
	_, err = w.Operations.Submit(w.ctx, caller, operations.Submission{Command: newCommand(), Kind: ports.OperationTransfer})
	refused(t, err, "selection_empty")
	_, err = w.Operations.Submit(w.ctx, caller, operations.Submission{
		Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: routers(1, 1001), Atomic: true},
	})
	refused(t, err, command.CodeBatchTooLarge)
	caller.Administrator = false
	caller.Rights = nil
	_, err = w.Operations.Submit(w.ctx, caller, operations.Submission{
		Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: routers(1, 1)},
	})
	require.ErrorIs(t, err, query.ErrNotFound)

	// Closed between submission and work.
	caller = w.tokenOf(reseller)
	op, err := w.Operations.Submit(w.ctx, caller, operations.Submission{
		Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: routers(1, 1)},
	})
	require.NoError(t, err)
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: reseller, Confirm: true})
	require.NoError(t, err)
	op = w.run(op)
	require.Equal(t, ports.OperationFailed, op.State)
	require.Contains(t, op.Error, "account_closed")
}
