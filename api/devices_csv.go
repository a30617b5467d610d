package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
)

var deviceColumns = []string{"UID", "SERIAL_NUMBER", "IMEI", "MAC", "ESN", "MODEL", "NAME", "LABELS", "ACCOUNT_UID", "ACCOUNT_NAME",
	"LIFECYCLE_STATE", "OFFER", "FIRST_REGISTERED", "SERVICE_START", "SERVICE_END", "SERVICE_STATUS", "SUPPORT_EXPIRY",
	"WARRANTY_END", "AUTO_RENEW", "REVISION", "ICCID", "INCLUDED_UNTIL", "PARKED_UNTIL", "ALLOCATION_KIND", "ALLOCATION_UNTIL",
	"ORDER_NUMBER"}

func (h handlers) devicesCSV(ctx context.Context, c access.Caller, q query.DeviceQuery, limit *int) (csvAnswer, error) {
	fetch := func() (query.List[query.DeviceRow], error) { return h.App.Devices.List(ctx, c, q) }
	shown := h.deviceRow(h.dayOf(q.Freshness))
	return csvList(h, "devices", deviceColumns, limit, q.Freshness, &q.Page, fetch, func(r query.DeviceRow) []string {
		d := shown(r)
		return []string{
			d.Uid.String(), d.SerialNumber, valueOf(d.Imei), valueOf(d.Mac), valueOf(d.Esn), d.Model, d.Name,
			strings.Join(d.Labels, "|"), d.Account.Uid.String(), valueOf(d.Account.Name), string(d.LifeCycleState), d.Offer,
			valueOf(d.FirstRegistered), valueOf(d.ServiceStart), valueOf(d.ServiceEnd), valueOf(d.ServiceStatus),
			valueOf(d.SupportExpiry), valueOf(d.WarrantyEnd), strconv.FormatBool(d.AutoRenew), strconv.FormatInt(d.Revision, 10),
			valueOf(d.Iccid), valueOf(d.IncludedUntil), valueOf(d.ParkedUntil),
			string(valueOf(d.Allocation).Kind), valueOf(d.Allocation).Until, valueOf(d.OrderNumber),
		}
	})
}
