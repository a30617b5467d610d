package api

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
)

var renewalSorts = []string{"orderedAt", "orderNumber", "state"}

func (h handlers) ListRenewals(ctx context.Context, r openapi.ListRenewalsRequestObject) (openapi.ListRenewalsResponseObject, error) {
	var in reading
	q := query.RenewalQuery{
		Freshness:    in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf),
		Page:         in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, renewalSorts),
		Of:           valueOf(r.Params.Account),
		Devices:      named(r.Params.Device),
		Statuses:     eachOf[order.Status](r.Params.State),
		OrderNumbers: valueOf(r.Params.OrderNumber),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	fetch := func() (query.List[query.RenewalRow], error) { return h.App.Renewals.List(ctx, callOf(ctx).caller, q) }
	if wantsCSV(ctx) {
		return csvList(h, "renewals", renewalColumns, r.Params.Limit, q.Freshness, &q.Page, fetch, renewalCells)
	}
	page, err := fetch()
	if err != nil {
		return nil, err
	}
	return openapi.ListRenewals200JSONResponse{
		Body:    openapi.RenewalList{Items: list(page.Items, renewalOrder), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListRenewals200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

// named are the devices that a filter names; one that no device can be named is
// filtered for all the same, and found nowhere.
func named(names *[]string) []uuid.UUID {
	var uids []uuid.UUID
	for _, name := range valueOf(names) {
		uid, ok := device.Named(name)
		if !ok {
			uid = uuid.Max
		}
		uids = append(uids, uid)
	}
	return uids
}

func (h handlers) GetRenewal(ctx context.Context, r openapi.GetRenewalRequestObject) (openapi.GetRenewalResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	page := in.page(r.Params.Limit, r.Params.Cursor, nil, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.Renewals.Get(ctx, callOf(ctx).caller, r.Id, fresh, page)
	if err != nil {
		return nil, err
	}
	o := renewalOrder(found.RenewalRow)
	return openapi.GetRenewal200JSONResponse{
		Body: openapi.Renewal{
			Id: o.Id, State: o.State, Account: o.Account, Term: o.Term, Until: o.Until, AlignTo: o.AlignTo, Offer: o.Offer, OrderNumber: o.OrderNumber,
			Note: o.Note, OrderedAt: o.OrderedAt, Actor: o.Actor, Devices: o.Devices, Total: o.Devices.Total, NextCursor: present(found.NextCursor),
			Items: list(found.Lines, func(l renewals.Line) openapi.RenewedDevice { return renewedDevice(found.RenewalRow, l) }),
		},
		Headers: openapi.GetRenewal200ResponseHeaders{XPosition: found.Position.String()},
	}, nil
}

func renewalOrder(r query.RenewalRow) openapi.RenewalOrder {
	devices := openapi.RenewalSummary{
		Ordered: r.Counts[order.Ordered], Applied: r.Counts[order.Applied], Declined: r.Counts[order.Declined],
		Withdrawn: r.Counts[order.Withdrawn], Reversed: r.Counts[order.Reversed],
	}
	devices.Total = devices.Ordered + devices.Applied + devices.Declined + devices.Withdrawn + devices.Reversed
	return openapi.RenewalOrder{
		Id: r.UID, State: openapi.RenewalState(r.Status), Account: present(r.Account), Term: present(r.Term), Until: present(r.Until.String()),
		AlignTo: present(r.Align), Offer: present(string(r.Offer)), OrderNumber: r.OrderNumber, Note: r.Note, OrderedAt: r.OrderedAt, Actor: actor(r.Actor), Devices: devices,
	}
}

func actor(a domain.Actor) openapi.Actor {
	return openapi.Actor{Kind: string(a.Kind), Id: a.ID, Account: present(a.Account)}
}

func renewedDevice(o query.RenewalRow, l renewals.Line) openapi.RenewedDevice {
	d := openapi.RenewedDevice{
		Uid: l.Line.Device, SerialNumber: l.SerialNumber, Account: l.Account, State: openapi.RenewalState(l.Status),
		Term: present(o.Term), OldEnd: present(l.OldEnd.String()), NewEnd: present(l.NewEnd.String()),
		OrderNumber: o.OrderNumber, Note: o.Note, Reason: l.Reason, Problems: list(l.Problems, itemProblem),
	}
	if l.Renewed == nil {
		return d
	}
	e, by := l.Renewed.Renewed, actor(l.Renewed.Actor)
	d.Term, d.OldEnd, d.NewEnd, d.Parked = present(e.Term), present(e.OldEnd.String()), present(e.NewEnd.String()), e.Parked
	d.OrderNumber, d.Note = cmp.Or(e.OrderNumber, o.OrderNumber), cmp.Or(e.Note, o.Note)
	d.RenewedAt, d.ReversedAt, d.Actor = instant(l.Renewed.RenewedAt), instant(l.Renewed.ReversedAt), &by
	return d
}
