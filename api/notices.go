package api

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/notice"
)

var noticeSorts = []string{"month", "account", "reseller", "state", "devices"}

func (h handlers) ListNotices(ctx context.Context, r openapi.ListNoticesRequestObject) (openapi.ListNoticesResponseObject, error) {
	var in reading
	q := query.NoticeQuery{
		Freshness:  query.Freshness{MinPosition: in.minPosition(r.Params.MinPosition)},
		Page:       in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, noticeSorts),
		Months:     valueOf(r.Params.Month),
		Accounts:   valueOf(r.Params.Account),
		States:     eachOf[query.NoticeState](r.Params.State),
		Recipients: valueOf(r.Params.Recipient),
		Seen:       r.Params.Seen,
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	fetch := func() (query.List[query.NoticeRow], error) { return h.App.Notices.List(ctx, callOf(ctx).caller, q) }
	if wantsCSV(ctx) {
		return csvList(h, "notices", noticeColumns, r.Params.Limit, q.Freshness, &q.Page, fetch, noticeCells)
	}
	page, err := fetch()
	if err != nil {
		return nil, err
	}
	return openapi.ListNotices200JSONResponse{
		Body:    openapi.NoticeList{Items: list(page.Items, noticeSummary), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListNotices200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

var noticeColumns = []string{"ID", "MONTH", "RESELLER_UID", "RESELLER_NAME", "ACCOUNT_UID", "ACCOUNT_NAME", "STATE", "REASON", "DEVICES", "NEW", "SEEN_BEFORE",
	"AUTO_RENEWING", "EXPIRED", "MAILS", "SENT", "FAILED", "SEEN", "AT"}

func noticeCells(n query.NoticeRow) []string {
	return []string{
		n.UID.String(), notice.Month(n.On), n.Reseller.String(), n.ResellerName, n.Customer.String(), n.CustomerName, string(n.State), string(n.Reason),
		strconv.Itoa(n.Devices.Total), strconv.Itoa(n.Devices.New), strconv.Itoa(n.Devices.SeenBefore), strconv.Itoa(n.Devices.AutoRenewing),
		strconv.Itoa(n.Devices.Expired), strconv.Itoa(n.Mails), strconv.Itoa(n.Sent), strconv.Itoa(n.Failed), strconv.FormatBool(n.Seen), stamp(n.At),
	}
}

func noticeSummary(n query.NoticeRow) openapi.NoticeSummary {
	s := openapi.NoticeSummary{
		Id: n.UID, Month: notice.Month(n.On), Date: n.On.String(), At: n.At,
		Reseller: openapi.Owner{Uid: n.Reseller, Name: present(n.ResellerName)}, Account: openapi.Owner{Uid: n.Customer, Name: present(n.CustomerName)},
		State: openapi.NoticeState(n.State), Reason: present(string(n.Reason)),
		Devices: openapi.NoticeDevices{
			Total: n.Devices.Total, New: n.Devices.New, SeenBefore: n.Devices.SeenBefore, AutoRenewing: n.Devices.AutoRenewing,
			Expired: n.Devices.Expired, Windows: []openapi.NoticeWindow{},
		},
		Mails: openapi.NoticeMails{Total: n.Mails, Sent: n.Sent, Failed: n.Failed},
		Seen:  n.Seen, SeenAt: instant(n.SeenAt),
	}
	for i, w := range n.Windows {
		s.Devices.Windows = append(s.Devices.Windows, openapi.NoticeWindow{Name: w.Name, FromDay: w.FromDay, ToDay: w.ToDay, Count: n.Devices.Windows[i]})
	}
	if s.SeenAt != nil {
		by := actor(n.SeenBy)
		s.SeenBy = &by
	}
	return s
}

func (h handlers) GetNotice(ctx context.Context, r openapi.GetNoticeRequestObject) (openapi.GetNoticeResponseObject, error) {
	var in reading
	fresh, page := query.Freshness{MinPosition: in.minPosition(r.Params.MinPosition)}, in.page(r.Params.Limit, r.Params.Cursor, nil, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.Notices.Get(ctx, callOf(ctx).caller, r.Id, fresh)
	if err != nil {
		return nil, err
	}
	if wantsCSV(ctx) {
		file, err := notices.CSV(found.Customer, found.On, found.State)
		return csvAnswer{name: strings.TrimSuffix(file.Name, ".csv"), body: bytes.NewReader(file.Data), position: found.Position}, err
	}
	lines, err := paged(found.State.Lines, page, nil)
	if err != nil {
		return nil, err
	}
	return openapi.GetNotice200JSONResponse{
		Body: openapi.Notice{
			Notice: noticeSummary(found.NoticeRow), Recipients: list(found.Recipients, noticeRecipient),
			Items:      list(lines.Items, func(l notice.Line) openapi.NoticeDevice { return noticeDevice(found.State, l) }),
			NextCursor: present(lines.NextCursor), Total: lines.Total,
		},
		Headers: openapi.GetNotice200ResponseHeaders{XPosition: found.Position.String()},
	}, nil
}

func noticeRecipient(r query.NoticeRecipient) openapi.NoticeRecipient {
	return openapi.NoticeRecipient{
		Person: person(account.Person{ID: r.Person, Email: r.Email, Name: r.Name}), Role: openapi.NoticeRecipientRole(r.Role), Digest: r.Digest,
		Mail: r.Mail, State: openapi.NoticeState(r.State), At: instant(r.At), Reason: r.Reason,
	}
}

func noticeDevice(n notice.State, l notice.Line) openapi.NoticeDevice {
	days, window := notices.DaysLeft(n, l)
	return openapi.NoticeDevice{
		Uid: l.Device, SerialNumber: l.SerialNumber, Imei: present(l.IMEI), Name: l.Name, Model: l.Model, Offer: string(l.Offer),
		LifeCycleState: openapi.LifeCycleState(l.LifeCycle), ServiceStart: present(l.ServiceStart.String()), ServiceEnd: l.ServiceEnd.String(),
		DaysLeft: days, Window: present(window), AutoRenew: l.AutoRenew, WarrantyEnd: present(l.WarrantyEnd.String()),
		SupportExpiry: present(l.SupportEnd.String()), Labels: list(l.Labels, same), SeenBefore: l.Seen, Seen: n.Seen[l.Device],
	}
}

func (h handlers) AcknowledgeNotice(ctx context.Context, r openapi.AcknowledgeNoticeRequestObject) (openapi.AcknowledgeNoticeResponseObject, error) {
	body := valueOf(r.Body)
	c := notices.Acknowledge{Command: commandOf(ctx, body.Reason), Notice: r.Id, Devices: valueOf(body.Devices)}
	if body.Devices != nil && len(c.Devices) == 0 {
		return nil, domain.Refuse(domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	receipt, err := h.App.Notices.Acknowledge(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.AcknowledgeNotice200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) GetNoticeChoice(ctx context.Context, r openapi.GetNoticeChoiceRequestObject) (openapi.GetNoticeChoiceResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	choice, position, err := h.App.Notices.Choice(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.GetNoticeChoice200JSONResponse{
		Body: openapi.NoticeChoice{
			Delivery: openapi.NoticeDelivery(choice.Delivery),
			Choices:  list(choice.Choices, func(d notice.Delivery) openapi.NoticeDelivery { return openapi.NoticeDelivery(d) }),
		},
		Headers: openapi.GetNoticeChoice200ResponseHeaders{XPosition: later(position, reached).String()},
	}, nil
}

func (h handlers) ChooseNotices(ctx context.Context, r openapi.ChooseNoticesRequestObject) (openapi.ChooseNoticesResponseObject, error) {
	receipt, err := h.App.Notices.Choose(ctx, callOf(ctx).caller, notices.Choose{
		Command: commandOf(ctx, nil), Delivery: notice.Delivery(r.Body.Delivery),
	})
	if err != nil {
		return nil, err
	}
	return openapi.ChooseNotices200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) Unsubscribe(ctx context.Context, r openapi.UnsubscribeRequestObject) (openapi.UnsubscribeResponseObject, error) {
	receipt, err := h.App.Notices.Unsubscribe(ctx, r.Token, commandOf(ctx, nil))
	if err != nil {
		return nil, err
	}
	return openapi.Unsubscribe200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}
