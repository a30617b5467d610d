package app_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

func TestHistoryOfADeviceThatHadOtherOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	first, second := w.customer(reseller, "Delta Rail"), w.customer(reseller, "Alder Ambulance")
	serial := w.registered(first, router(1))[0]
	name := "gate"
	_, err := w.Devices.Edit(w.ctx, operator(), devices.Edit{Command: newCommand(), Device: serial, Name: &name})
	require.NoError(t, err)
	require.Equal(t, 1, w.transfer(first, reseller, serial).Count(domain.OutcomeTransferred))
	require.Equal(t, 1, w.transfer(reseller, second, serial).Count(domain.OutcomeTransferred))
	_, err = w.Devices.Suspend(w.ctx, administratorOf(second), devices.LifeCycle{
		Command: command.Command{ID: uuid.New(), Reason: "stolen"}, Device: serial,
	})
	require.NoError(t, err)

	all, err := w.Devices.History(w.ctx, operator(), serial)
	require.NoError(t, err)
	var types []string
	leaves := map[tlog.Hash]bool{}
	for i, item := range all {
		require.False(t, leaves[item.LeafHash], "each event is a leaf of its own")
		leaves[item.LeafHash] = true
		types = append(types, item.Type)
		require.Equal(t, eventlog.Revision(i), item.Revision)
		require.False(t, item.Redacted)
	}
	require.Equal(t, []string{"Registered", "Renamed", "Transferred", "Transferred", "Suspended"}, types)
	require.Equal(t, []devices.Change{{Field: "name", Before: "router 1", After: "gate"}}, all[1].Changes)
	require.Contains(t, all[2].Changes, devices.Change{Field: "account", Before: first.String(), After: reseller.String()})
	require.Equal(t, "stolen", all[4].Reason)
	require.Equal(t, []devices.Change{{Field: "lifeCycleState", Before: "active", After: "suspended"}}, all[4].Changes)

	now, err := w.Devices.History(w.ctx, administratorOf(second), serial)
	require.NoError(t, err)
	for i, item := range now {
		require.Equal(t, i < 3, item.Redacted)
		require.Equal(t, all[i].LeafHash, item.LeafHash, "the leaves are the same for all")
	}
	require.Empty(t, now[2].Type)
	for _, c := range now[3].Changes {
		require.Empty(t, c.Before, "nothing of the owner before")
	}
	require.Contains(t, now[3].Changes, devices.Change{Field: "account", After: second.String()})

	_, err = w.Devices.History(w.ctx, administratorOf(first), serial)
	require.ErrorIs(t, err, query.ErrNotFound, "no longer its device")
	seen, err := w.Devices.History(w.ctx, administratorOf(reseller), serial)
	require.NoError(t, err)
	require.Equal(t, all, seen, "a partner of all owners sees all")
}
