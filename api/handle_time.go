package api

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) GetSandboxClock(ctx context.Context, _ openapi.GetSandboxClockRequestObject) (openapi.GetSandboxClockResponseObject, error) {
	now, err := h.App.SandboxTime(callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.GetSandboxClock200JSONResponse{Now: now}, nil
}

func (h handlers) MoveSandboxClock(ctx context.Context, r openapi.MoveSandboxClockRequestObject) (openapi.MoveSandboxClockResponseObject, error) {
	// Where there is no sandbox, nothing about the request matters.
	if _, err := h.App.SandboxTime(callOf(ctx).caller); err != nil {
		return nil, err
	}
	var in reading
	c := app.MoveClock{Advance: in.span("/advance", r.Body.Advance), To: in.instant("/now", r.Body.Now)}
	if err := in.err(); err != nil {
		return nil, err
	}
	now, position, err := h.App.MoveClock(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.MoveSandboxClock200JSONResponse{
		Body: openapi.SandboxClock{Now: now}, Headers: openapi.MoveSandboxClock200ResponseHeaders{XPosition: position.String()},
	}, nil
}

// span reads an ISO 8601 duration; nil is none.
func (r *reading) span(pointer string, v *string) calendar.Span {
	if v == nil {
		return calendar.Span{}
	}
	s, err := calendar.ParseSpan(*v)
	if err != nil {
		r.wrong(pointer, codeTermInvalid, "The span must be an ISO 8601 duration such as P1M or PT12H.")
	}
	return s
}

// instant reads an RFC 3339 instant; nil is none.
func (r *reading) instant(pointer string, v *string) time.Time {
	if v == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, *v)
	if err != nil || t.Year() < 1971 {
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z.")
	}
	return t.UTC()
}

// alignment reads what renewals are to be aligned to; nil is nothing.
func (r *reading) alignment(v *string) device.Alignment {
	if v == nil {
		return device.Alignment{}
	}
	a, problems := device.ParseAlignment(*v)
	if len(problems) == 0 && a == (device.Alignment{}) {
		problems = []domain.Problem{{Code: device.CodeAlignInvalid, Detail: "What to align to is missing."}}
	}
	for _, p := range problems {
		r.wrong("/alignTo", p.Code, p.Detail)
	}
	return a
}

// renewal reads a renewal order.
func (r *reading) renewal(ctx context.Context, b *openapi.RenewalRequest) app.RenewDevices {
	return app.RenewDevices{
		Command: commandOf(ctx, b.Reason), Devices: b.Devices,
		Term: r.term("/term", b.Term), Until: r.date("/until", b.Until), Align: r.alignment(b.AlignTo),
		OrderNumber: valueOf(b.OrderNumber), Note: valueOf(b.Note),
	}
}

func (h handlers) PreviewRenewals(ctx context.Context, r openapi.PreviewRenewalsRequestObject) (openapi.PreviewRenewalsResponseObject, error) {
	var in reading
	c := in.renewal(ctx, r.Body)
	if len(c.Devices) > maxAtOnce {
		in.wrong("/devices", codeTooManyItems, "A preview has at most 1000 devices; a renewal with dryRun=true takes more.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	previews, err := h.App.PreviewRenewals(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	count := func(o domain.Outcome) (n int) {
		for _, p := range previews {
			if p.Outcome == o {
				n++
			}
		}
		return n
	}
	return openapi.PreviewRenewals200JSONResponse{
		Summary: summary(len(previews), domain.OutcomeRenewed, count), Results: list(previews, h.renewalPreview),
	}, nil
}

func (s *Server) renewalPreview(p app.RenewalPreview) openapi.RenewalPreviewItem {
	item := s.itemResult(app.ItemResult{
		Index: p.Index, Name: p.Name, Outcome: p.Outcome, Problems: p.Problems, Device: p.Device, Revision: p.Revision,
	})
	return openapi.RenewalPreviewItem{
		Index: item.Index, Uid: item.Uid, SerialNumber: item.SerialNumber, Device: item.Device, Outcome: item.Outcome,
		CurrentEnd: present(p.CurrentEnd.String()), NewEnd: present(p.NewEnd.String()), DaysGained: p.DaysGained, Parked: p.Parked,
		Problems: item.Problems,
	}
}

func (h handlers) GetRenewal(ctx context.Context, r openapi.GetRenewalRequestObject) (openapi.GetRenewalResponseObject, error) {
	var in reading
	fresh, page := query.Freshness{MinPosition: in.minPosition(r.Params.MinPosition)}, in.page(r.Params.Limit, r.Params.Cursor, nil, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.Renewal(ctx, callOf(ctx).caller, r.Id, fresh, page)
	if err != nil {
		return nil, err
	}
	return openapi.GetRenewal200JSONResponse{
		Body:    openapi.Renewal{Id: r.Id, Items: list(found.Items, renewedDevice), NextCursor: present(found.NextCursor)},
		Headers: openapi.GetRenewal200ResponseHeaders{XPosition: found.Position.String()},
	}, nil
}

func renewedDevice(d app.RenewedDevice) openapi.RenewedDevice {
	e := d.Renewed
	return openapi.RenewedDevice{
		Uid: d.Device.UID, SerialNumber: d.Device.SerialNumber, Term: present(e.Term),
		OldEnd: present(e.OldEnd.String()), NewEnd: e.NewEnd.String(), Parked: e.Parked,
		OrderNumber: e.OrderNumber, Note: e.Note, RenewedAt: d.RenewedAt.UTC(), ReversedAt: instant(d.ReversedAt),
		Actor: openapi.Actor{Kind: string(d.Actor.Kind), Id: d.Actor.ID, Account: present(d.Actor.Account)},
	}
}

func (h handlers) ReverseRenewal(ctx context.Context, r openapi.ReverseRenewalRequestObject) (openapi.ReverseRenewalResponseObject, error) {
	c := app.ReverseRenewal{
		Command: commandOf(ctx, r.Body.Reason), Renewal: r.Id, Devices: valueOf(r.Body.Devices),
		DryRun: valueOf(r.Params.DryRun), Atomic: valueOf(r.Params.Atomic),
	}
	if r.Body.Devices != nil && len(c.Devices) == 0 {
		return nil, domain.Refuse(device.SelectionEmpty())
	}
	result, err := h.App.ReverseRenewal(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	body, position := h.bulkResult(result, domain.OutcomeReversed, c.DryRun), result.Position.String()
	if c.DryRun {
		return openapi.ReverseRenewal200JSONResponse{Body: body, Headers: openapi.ReverseRenewal200ResponseHeaders{XPosition: position}}, nil
	}
	return openapi.ReverseRenewal201JSONResponse{Body: body, Headers: openapi.ReverseRenewal201ResponseHeaders{XPosition: position}}, nil
}
