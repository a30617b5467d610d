package fleet

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

var deviceKeys = map[string]sortKey{
	"name":            {expr: "d.name_key", typ: "text"},
	"serialNumber":    {expr: "d.serial_number", typ: "text"},
	"model":           {expr: "d.model", typ: "text"},
	"account":         {expr: "a.name_key", typ: "text", nullable: true},
	"lifeCycleState":  {expr: "d.life_cycle", typ: "text"},
	"offer":           {expr: "d.offer", typ: "text"},
	"firstRegistered": {expr: "d.first_registered", typ: "date", nullable: true},
	"serviceStart":    {expr: "d.service_start", typ: "date", nullable: true},
	"serviceEnd":      {expr: "d.service_end", typ: "date", nullable: true},
	"autoRenew":       {expr: "d.auto_renew", typ: "boolean"},
}

// Devices lists devices.
func (r *Reader) Devices(ctx context.Context, q query.DeviceQuery) (query.List[query.DeviceRow], error) {
	l, err := deviceList(q)
	if err != nil {
		return query.List[query.DeviceRow]{}, err
	}
	return answer(ctx, r, "devices", q.Freshness, func(tx pgx.Tx) (query.List[query.DeviceRow], error) {
		return fetch(ctx, tx, l, scanDevice)
	})
}

func deviceList(q query.DeviceQuery) (*list, error) {
	l := &list{columns: "d.state, d.revision, coalesce(a.name, '')"}
	keys, serviceEnd := deviceKeys, "d.service_end"
	if q.Forecast {
		serviceEnd = endAhead("d", q.Today, q.FreeTerm)
		keys = maps.Clone(keys)
		keys["serviceEnd"] = sortKey{expr: serviceEnd, typ: "date", nullable: true}
	}
	if err := l.page(q.Page, keys, "name", "d.uid"); err != nil {
		return nil, err
	}
	l.from = "device_versions d LEFT JOIN account_versions a ON a.uid = d.account AND " + l.valid("a", q.Past())
	l.where = append(l.where, l.valid("d", q.Past()))
	l.scope("d.account", q.Accounts)
	if q.UID != uuid.Nil {
		l.filter("d.uid = %s", [16]byte(q.UID))
	}
	if q.SerialNumber != "" { // which is what the uid is made of
		l.filter("d.uid = %s", [16]byte(device.UID(q.SerialNumber)))
	}
	eitherOf(l, "d.life_cycle", q.LifeCycles)
	eitherOf(l, "upper(d.model)", upper(q.Models))
	eitherOf(l, "d.offer", q.Offers)
	if labels := slices.DeleteFunc(slices.Clone(q.Labels), func(s string) bool { return !storable(s) }); len(q.Labels) > 0 {
		l.filter("d.labels && %s::text[]", labels)
	}
	if len(q.Ends) > 0 {
		w := windows{today: l.date(q.Today)}
		var spans []string
		for _, span := range q.Ends {
			spans = append(spans, w.within(serviceEnd, span))
		}
		l.where = append(l.where, "("+strings.Join(spans, " OR ")+")")
	}
	if !q.ServiceEndFrom.IsZero() {
		l.filter(serviceEnd+" >= %s", date(q.ServiceEndFrom))
	}
	if !q.ServiceEndTo.IsZero() {
		l.filter(serviceEnd+" <= %s", date(q.ServiceEndTo))
	}
	if q.Due {
		l.where = append(l.where, counted("d"))
	}
	if q.Automatic {
		l.where = append(l.where, inService("d")+" AND d.auto_renew")
	}
	if q.Applied != uuid.Nil {
		l.filter("d.applied <> '{}' AND d.applied @> ARRAY[%s]::uuid[]", [16]byte(q.Applied))
	}
	if q.Expired != nil {
		expired := "(" + counted("d") + " AND " + windows{today: l.date(q.Today)}.expired("d.service_end") + ")"
		if !*q.Expired {
			expired = "NOT coalesce(" + expired + ", false)"
		}
		l.where = append(l.where, expired)
	}
	if q.SIMNotAllowed != nil {
		against := "(d.sim AND " + inService("d") + " AND a.type = '" + string(account.Reseller) + "')"
		if !*q.SIMNotAllowed {
			against = "NOT coalesce(" + against + ", false)"
		}
		l.where = append(l.where, against)
	}
	l.search(q.Search, searchable{texts: []string{"d.search LIKE %s"}, uid: "d.uid"})
	return l, nil
}

func upper(all []string) []string {
	folded := make([]string, len(all))
	for i, s := range all {
		folded[i] = strings.ToUpper(s)
	}
	return folded
}

func scanDevice() ([]any, func() (query.DeviceRow, error)) {
	var row query.DeviceRow
	var stored []byte
	return []any{&stored, &row.Revision, &row.AccountName}, func() (_ query.DeviceRow, err error) {
		row.State, err = deviceTable.parse(stored)
		return row, err
	}
}
