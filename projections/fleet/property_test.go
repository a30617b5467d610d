package fleet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

var allTables = []string{"device_versions", "account_versions", "partnership_versions", "user_versions", "audit_grant_versions", "account_counts", "account_days",
	"sign_ins", "registrations", "transfers"}

// Whatever happens, and however it is cut into batches: the rows are those of
// one event at a time, and the numbers are those counted from the events.
func TestRowsDoNotDependOnBatches(t *testing.T) {
	t.Parallel()
	batched, single := newModel(t), newModel(t)
	rapid.Check(t, func(t *rapid.T) {
		batched.empty(t)
		single.empty(t)
		d := rapidDraw(t)
		w := newWorld(d, 1+d(6))
		for range d(60) {
			w.step()
		}
		for batched.done < len(w.events) {
			n := min(1+d(40), len(w.events)-batched.done)
			batched.apply(t, w.events[batched.done:batched.done+n])
		}
		for i := range w.events {
			single.apply(t, w.events[i:i+1])
		}
		for _, table := range allTables {
			if diff := cmp.Diff(single.dump(t, schema, table), batched.dump(t, schema, table)); diff != "" {
				t.Fatalf("%s (- single, + batched):\n%s", table, diff)
			}
		}
		today := day0 - 3 + calendar.Date(d(30))
		compareWithRecount(t, batched, w, today, time.Time{})
		compareWithRecount(t, batched, w, today, w.happened(d(len(w.events))))
	})
}

var schema = fleet.Projection().Schema()

// empty starts the model over.
func (m *model) empty(t require.TestingT) {
	ctx := context.Background()
	require.NoError(t, pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		for _, table := range allTables {
			if _, err := tx.Exec(ctx, fmt.Sprintf("DELETE FROM %s.%s", schema, table)); err != nil {
				return err
			}
		}
		return nil
	}))
	m.done = 0
}

// recount folds the history, or what of it had happened by a time, and counts
// device by device.
func (h *history) recount(customer uuid.UUID, today calendar.Date, asOf time.Time) query.CustomerRow {
	states, now := map[string]device.State{}, map[string]device.State{}
	times := map[string]eventlog.Times{}
	for _, e := range h.events {
		now[e.Stream] = device.Evolve(now[e.Stream], e.Event)
		if !now[e.Stream].Exists() {
			continue // there is nothing to show yet, nor a time
		}
		clock := times[e.Stream]
		at := clock.Next(e)
		if times[e.Stream] = clock; asOf.IsZero() || !at.After(asOf) {
			states[e.Stream] = now[e.Stream]
		}
	}
	row := query.CustomerRow{UID: customer}
	for _, s := range states {
		if !s.Exists() || s.Account != customer || s.LifeCycle == device.OutOfService {
			continue
		}
		row.TotalSystems++
		if s.LifeCycle == device.Active {
			row.ActiveSystems++
		}
		if s.Service.AutoRenew {
			row.AutoRenewing++
			continue
		}
		end := s.Service.End
		if end < today {
			row.Expired++
			continue
		}
		switch {
		case row.InitialRenewal == 0 || end < row.InitialRenewal:
			row.InitialRenewal, row.RenewalSystems = end, 1
		case end == row.InitialRenewal:
			row.RenewalSystems++
		}
		row.LastRenewal = max(row.LastRenewal, end)
		for i, w := range testWindows {
			if today.AddDays(w.FromDay) <= end && end <= today.AddDays(w.ToDay) {
				row.Windows[i]++
			}
		}
	}
	return row
}

// testWindows are narrow, as the histories are short.
var testWindows = query.Windows{{Name: "red", FromDay: 0, ToDay: 3}, {Name: "amber", FromDay: 4, ToDay: 7}, {Name: "green", FromDay: 8, ToDay: 12}}

func compareWithRecount(t *rapid.T, m *model, w *world, today calendar.Date, asOf time.Time) {
	page, err := m.reader.Customers(context.Background(), query.CustomerQuery{
		Reseller: w.reseller, Today: today, Windows: testWindows, Freshness: query.Freshness{AsOf: asOf}})
	require.NoError(t, err)
	for _, row := range page.Items {
		require.Empty(t, cmp.Diff(w.recount(row.UID, today, asOf), numbers(row)))
	}
}
