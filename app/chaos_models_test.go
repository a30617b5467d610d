package app_test

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/user"
)

func dateOf(t time.Time) calendar.Date { return calendar.DateOf(t) }

var everyRow = query.Page{Limit: 1000}

// readModelsFit compares every row of the read models with what the log says, now
// or at a past instant.
func (a *arena) readModelsFit(want *seen, asOf time.Time) {
	a.t.Helper()
	now, f := a.clock.Now(), query.Freshness{AsOf: asOf}
	if asOf.IsZero() {
		f.MinPosition = a.lastOf([]string{"account-", "device-", "partnership-", "user-"})
	}
	a.devicesFit(want, f)
	accounts, err := a.reader.Accounts(a.ctx, query.AccountQuery{Freshness: f, Page: everyRow, Now: now})
	require.NoError(a.t, err)
	there := map[uuid.UUID]bool{}
	for uid, v := range want.accounts {
		there[uid] = v.Exists()
	}
	for _, row := range accounts.Items {
		a.same(want.accountRow(row.UID, now), row, asOf)
		require.True(a.t, there[row.UID], "account %s is shown", row.UID)
		delete(there, row.UID)
		a.usersFit(want, row.UID, f, now)
		a.partnershipsFit(want, row.UID, f)
		if asOf.IsZero() && row.Type == account.Reseller {
			a.customersFit(want, row.UID, f, now)
		}
	}
	for uid, exists := range there {
		require.False(a.t, exists, "account %s is not shown", uid)
	}
}

func (a *arena) same(want, got any, asOf time.Time) {
	a.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		a.t.Fatalf("as of %v (- log, + read model):\n%s", asOf, diff)
	}
}

func (a *arena) devicesFit(want *seen, f query.Freshness) {
	a.t.Helper()
	devices, err := a.reader.Devices(a.ctx, query.DeviceQuery{Freshness: f, Page: everyRow})
	require.NoError(a.t, err)
	n := 0
	for _, d := range want.devices {
		if d.Exists() {
			n++
		}
	}
	require.Len(a.t, devices.Items, n)
	for _, row := range devices.Items {
		a.same(want.deviceRow(row.State.UID), row, f.AsOf)
	}
}

func (a *arena) usersFit(want *seen, uid uuid.UUID, f query.Freshness, now time.Time) {
	a.t.Helper()
	n := 0
	for _, u := range want.users {
		if u.Account == uid && u.Status != "" {
			n++
		}
	}
	for _, statuses := range [][]user.Status{nil, {user.Revoked}} {
		users, err := a.reader.Users(a.ctx, query.UserQuery{Freshness: f, Page: everyRow, Account: uid, Statuses: statuses, Now: now})
		require.NoError(a.t, err)
		for _, row := range users.Items {
			a.same(want.userRow(row.UID, now), row, f.AsOf)
			n--
		}
	}
	require.Zero(a.t, n, "users of %s", uid)
}

func (a *arena) partnershipsFit(want *seen, uid uuid.UUID, f query.Freshness) {
	a.t.Helper()
	got, err := a.reader.Partnerships(a.ctx, f, uid)
	require.NoError(a.t, err)
	n := 0
	for _, p := range want.partnerships {
		if !p.Ended && (p.Reseller == uid || p.Customer == uid) {
			n++
		}
	}
	require.Len(a.t, got.Items, n, "partnerships of %s", uid)
	for _, row := range got.Items {
		a.same(want.partnershipRow(want.partnerships[row.UID], uid), row, f.AsOf)
	}
}

func (a *arena) customersFit(want *seen, reseller uuid.UUID, f query.Freshness, now time.Time) {
	a.t.Helper()
	got, err := a.reader.Customers(a.ctx, query.CustomerQuery{
		Freshness: f, Page: everyRow, Reseller: reseller, Today: dateOf(now), Windows: query.DefaultWindows, Now: now,
	})
	require.NoError(a.t, err)
	rows := map[uuid.UUID]query.CustomerRow{}
	for _, row := range got.Items {
		rows[row.UID] = row
	}
	for _, p := range want.partnerships {
		if p.Reseller == reseller && p.ActiveAt(now) {
			a.same(want.customerRow(p, now), rows[p.Customer], f.AsOf)
			delete(rows, p.Customer)
		}
	}
	require.Empty(a.t, rows, "customers that are none")
}

// ofOrder is what the history tells of a renewal's order, which no field of the
// device keeps.
var ofOrder = []string{"term", "orderNumber", "note"}

// orderedFor is what the history has to tell of the orders of all renewals.
func (a *arena) orderedFor(uid uuid.UUID) []devices.Change {
	a.t.Helper()
	var all []devices.Change
	for e, err := range a.log.ReadStream(a.ctx, device.Aggregate.Stream(uid), 0) {
		require.NoError(a.t, err)
		if renewed, ok := e.Event.(device.ServiceRenewed); ok {
			for i, value := range []string{renewed.Term, renewed.OrderNumber, renewed.Note} {
				if value != "" {
					all = append(all, devices.Change{Field: ofOrder[i], After: value})
				}
			}
		}
	}
	return all
}

// historiesFit adds up the changes of each device's history. Each begins where
// the one before has ended, and at the end of all is the device as it is. What it
// tells of orders is what the renewals say.
func (a *arena) historiesFit(want *seen) {
	a.t.Helper()
	for uid, d := range want.devices {
		if !d.Exists() {
			continue
		}
		items, err := a.Devices.History(a.ctx, operator(), uid.String())
		require.NoError(a.t, err)
		require.Len(a.t, items, want.numbers[device.Aggregate.Stream(uid)])
		fields := map[string]string{}
		var told []devices.Change
		for _, item := range items {
			require.NotZero(a.t, item.LeafHash)
			for _, c := range item.Changes {
				if item.Type == "ServiceRenewed" && slices.Contains(ofOrder, c.Field) {
					told = append(told, c)
					continue
				}
				require.Equal(a.t, fields[c.Field], c.Before, "%s of %s", c.Field, d.SerialNumber)
				fields[c.Field] = c.After
			}
		}
		require.Equal(a.t, a.orderedFor(uid), told, "orders of %s", d.SerialNumber)
		dates, parked := d.Dates(device.DefaultRules), ""
		if d.Parked != nil {
			parked = d.Parked.Until.String()
		}
		renews := map[bool]string{true: "true"}[d.Service.AutoRenew && d.LifeCycle != device.OutOfService]
		for field, value := range map[string]string{
			"serialNumber": d.SerialNumber, string(d.Factor.Kind): d.Factor.Value, "model": d.Model, "account": d.Account.String(), "name": d.Name,
			"labels": strings.Join(d.Labels, "|"), "iccid": d.ICCID, "lifeCycleState": string(d.LifeCycle), "offer": string(d.Service.Offer),
			"serviceStart": d.Service.Start.String(), "serviceEnd": d.Service.End.String(), "autoRenew": renews, "parkedUntil": parked, "heldBy": "",
			"supportExpiry": dates.SupportExpiry.String(), "warrantyEnd": dates.WarrantyEnd.String(),
		} {
			require.Equal(a.t, value, fields[field], "%s of %s", field, d.SerialNumber)
			delete(fields, field)
		}
		for field, value := range fields {
			require.Empty(a.t, value, "%s of %s", field, d.SerialNumber)
		}
	}
}
