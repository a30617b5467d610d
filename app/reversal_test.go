package app_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// because is a command with a reason.
func because() command.Command {
	return command.Command{ID: uuid.New(), Reason: "sent to the wrong customer"}
}

// readOnly is a caller that may only read in its own account.
func readOnly(uid uuid.UUID) access.Caller {
	p, _ := rights.Find(rights.ReadOnly)
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "reader of " + uid.String(), Account: uid}, Rights: p.Rights}
}

func (w *world) reverse(by access.Caller, id uuid.UUID, serials ...string) command.BulkResult {
	w.t.Helper()
	r, err := w.Transfers.Reverse(w.ctx, by, transfers.Reverse{Command: because(), Transfer: id, Devices: serials})
	require.NoError(w.t, err)
	return r
}

// allOrNothing reverses a transfer all or nothing.
func (w *world) allOrNothing(id uuid.UUID, serials ...string) command.BulkResult {
	w.t.Helper()
	r, err := w.Transfers.Reverse(w.ctx, operator(), transfers.Reverse{Command: because(), Transfer: id, Devices: serials, Atomic: true})
	require.NoError(w.t, err)
	return r
}

// partner makes an account the customer of another reseller, too.
func (w *world) partner(reseller, customer uuid.UUID) {
	w.t.Helper()
	uid := partnership.UID(reseller, customer)
	e := partnership.PartnershipEstablished{Partnership: uid, Reseller: reseller, Customer: customer, Profile: "full"}
	_, _, err := w.log.Append(w.ctx, partnership.Aggregate.Stream(uid), eventlog.NoStream, eventlog.NewEvent{
		ID: uuid.New(), Event: e, Metadata: eventlog.Metadata{SchemaVersion: 1, OccurredAt: w.clock.Now()},
	})
	require.NoError(w.t, err)
}

func TestReversalGivesTheDevicesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 4)...)
	w.renew(serials[0]) // is parked
	was := w.device(serials[0])
	id := w.transfer(reseller, customer, append(serials, "LD99999999999999")...).ID
	w.rename(serials[0], "engine 5")
	_, err := w.Devices.Suspend(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: serials[2]})
	require.NoError(t, err)

	dry, err := w.Transfers.Reverse(w.ctx, administratorOf(reseller), transfers.Reverse{Command: because(), Transfer: id, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, []string{"transferred", "transferred", "refused changed_since_transfer", "transferred"}, outcomes(dry))
	require.Empty(t, w.record(operator(), id).Reversals)

	c := transfers.Reverse{Command: because(), Transfer: id, Devices: []string{serials[0], serials[2], "LD99999999999999", serials[0]}}
	for range 2 { // the same request again is the same
		r, err := w.Transfers.Reverse(w.ctx, administratorOf(reseller), c)
		require.NoError(t, err)
		require.Equal(t, []string{
			"transferred", "refused changed_since_transfer", "refused not_in_transfer", "refused duplicate_in_request",
		}, outcomes(r))
	}
	now := w.device(serials[0])
	require.Equal(t, reseller, now.Account)
	was.Name, was.Applied, was.Moved = "engine 5", now.Applied, now.Moved
	require.Empty(t, cmp.Diff(was, now))

	require.Equal(t, []string{"refused already_reversed", "transferred", "refused changed_since_transfer", "transferred"},
		outcomes(w.reverse(administratorOf(reseller), id)), "without names, all that was moved")
	r := w.record(administratorOf(reseller), id)
	require.Len(t, r.Reversals, 2)
	require.Equal(t, c.ID, r.Items[0].Reversal)
	require.Equal(t, uuid.Nil, r.Items[2].Reversal)
	require.Equal(t, c.Reason, r.Reversals[0].By.Reason)
	require.Equal(t, []string{
		serials[0] + " transferred", serials[2] + " refused changed_since_transfer",
		"LD99999999999999 refused not_in_transfer", serials[0] + " refused duplicate_in_request",
	}, told(r.Reversals[0].Items))
	require.Equal(t, []string{serials[0] + " transferred", serials[2] + " refused changed_since_transfer"},
		told(w.record(administratorOf(customer), id).Reversals[0].Items))

	require.Equal(t, []string{"transferred"}, outcomes(w.transfer(reseller, customer, serials[0])), "and can be transferred again")
	require.Equal(t, []string{"refused changed_since_transfer"}, outcomes(w.reverse(operator(), id, serials[0])))
	w.later()
	w.invariants()
}

func TestReversalNeedsPlaceNameAndAnOpenAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 2)...)
	id := w.transfer(reseller, customer, serials...).ID
	w.registered(reseller, routers(100, 18)...)
	clash := router(200)
	clash.Name = "ROUTER 1"
	w.registered(reseller, clash) // one place is left, and one name is gone
	require.Equal(t, []string{"refused name_taken", "transferred"}, outcomes(w.reverse(administratorOf(reseller), id)))
	w.rename(serials[0], "engine 5")
	require.Equal(t, []string{"refused device_limit_reached"}, outcomes(w.reverse(administratorOf(reseller), id, serials[0])))

	id = w.transfer(customer, reseller, serials[0]).ID
	require.NotEqual(t, uuid.Nil, id)
	away := w.customer(reseller, "Alder Ambulance")
	gone := w.registered(away, router(300))[0]
	_, err := w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: router(100).SerialNumber})
	require.NoError(t, err)
	id = w.transfer(away, reseller, gone).ID
	_, err = w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: away, Confirm: true})
	require.NoError(t, err)
	require.Equal(t, []string{"refused source_not_active"}, outcomes(w.reverse(operator(), id)))
	w.later()
	w.invariants()
}

func TestWhoReversesATransfer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	serials := w.registered(reseller, router(1))
	id := w.transfer(reseller, customer, serials...).ID
	right := []string{"refused missing_right"}
	require.Equal(t, right, outcomes(w.reverse(administratorOf(reseller), id)), "a read-only partner")
	require.Equal(t, []string{"refused missing_right missing_right"}, outcomes(w.reverse(readOnly(reseller), id)))
	returned, err := w.Transfers.Reverse(w.ctx, administratorOf(customer), transfers.Reverse{Command: because(), Transfer: id, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, []string{"transferred"}, outcomes(returned), "a customer returns what it got")
	require.Equal(t, customer, w.device(serials[0]).Account)

	_, err = w.Transfers.Reverse(w.ctx, operator(), transfers.Reverse{Command: newCommand(), Transfer: id})
	refused(t, err, command.CodeReasonMissing)
	none := w.transfer(reseller, customer, "LD99999999999999").ID
	_, err = w.Transfers.Reverse(w.ctx, operator(), transfers.Reverse{Command: because(), Transfer: none})
	refused(t, err, "selection_empty")
	_, err = w.Transfers.Reverse(w.ctx, operator(), transfers.Reverse{Command: because(), Transfer: id, Devices: []string{}})
	refused(t, err, "selection_empty")
	_, err = w.Transfers.Reverse(w.ctx, operator(), transfers.Reverse{Command: because(), Transfer: id, Devices: make([]string, 1001)})
	refused(t, err, transfers.CodeReversalTooLarge)
	require.Equal(t, []string{"refused batch_refused", "refused not_in_transfer"}, outcomes(w.allOrNothing(id, serials[0], "LD99999999999999")))
	require.Equal(t, []string{"transferred"}, outcomes(w.allOrNothing(id)))
	require.Equal(t, reseller, w.device(serials[0]).Account)
	w.later()
	w.invariants()
}

// Whoever made a transfer takes it back within a day, under a read-only profile
// too; others and later by the rights of a transfer back.
func TestUndoOfATransfer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 2)...)
	id := w.transferBy(administratorOf(reseller), reseller, customer, serials...)
	colleague := administratorOf(reseller)
	colleague.Actor.ID = "somebody else"
	right := []string{"refused missing_right"}
	require.Equal(t, right, outcomes(w.reverse(colleague, id, serials[0])))
	w.clock.Advance(24*time.Hour - time.Minute)
	require.Equal(t, []string{"transferred"}, outcomes(w.reverse(administratorOf(reseller), id, serials[0])))
	require.Equal(t, reseller, w.device(serials[0]).Account)
	require.False(t, w.device(serials[0]).Consumed, "as if nothing had been")
	w.clock.Advance(time.Minute)
	require.Equal(t, right, outcomes(w.reverse(administratorOf(reseller), id, serials[1])))
	require.Equal(t, []string{"transferred"}, outcomes(w.reverse(administratorOf(customer), id, serials[1])), "a return")
	w.later()
	w.invariants()
}

// A device that went on to an account the caller cannot see is as if it had
// never been in the transfer.
func TestReversalTellsNothingOfLaterOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller, rival := w.reseller("North Radio"), w.reseller("South Radio")
	customer := w.customer(reseller, "Delta Rail")
	w.partner(rival, customer)
	serial := w.registered(reseller, router(1))[0]
	id := w.transfer(reseller, customer, serial).ID
	require.Equal(t, 1, w.transfer(customer, rival, serial).Count(domain.OutcomeTransferred))
	require.Equal(t, []string{"refused not_in_transfer"}, outcomes(w.reverse(administratorOf(reseller), id)))
	require.Equal(t, []string{"refused changed_since_transfer"}, outcomes(w.reverse(operator(), id)))
}

func TestReversalsAndRenamesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	for round := range 3 {
		serial := w.registered(reseller, router(round))[0]
		id := w.transfer(reseller, customer, serial).ID
		moved := make([]int, 4)
		concurrently(8, func(i int) {
			if i%2 == 0 {
				name := fmt.Sprintf("name %d of %d", i, round)
				_, err := w.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serial, Name: &name})
				if refusal, ok := errors.AsType[*domain.Refusal](err); !ok && err != nil || ok && refusal.Problems[0].Code != device.CodeBusy {
					t.Error(err)
				}
				return
			}
			r, err := w.Transfers.Reverse(w.ctx, administratorOf(reseller), transfers.Reverse{Command: because(), Transfer: id, Atomic: i == 7})
			if err != nil {
				t.Error(err)
				return
			}
			moved[i/2] = r.Count(domain.OutcomeTransferred)
		})
		require.Equal(t, 1, moved[0]+moved[1]+moved[2]+moved[3], "%v", moved)
		require.Equal(t, reseller, w.device(serial).Account)
	}
	w.later()
	w.invariants()
}
