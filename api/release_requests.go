package api

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/query"
)

func (h handlers) RequestRelease(ctx context.Context, r openapi.RequestReleaseRequestObject) (openapi.RequestReleaseResponseObject, error) {
	row, err := h.App.Devices.RequestRelease(ctx, callOf(ctx).caller, devices.RequestRelease{
		Command: commandOf(ctx, r.Body.Reason), SerialNumber: r.Body.SerialNumber,
		IMEI: valueOf(r.Body.Imei), MAC: valueOf(r.Body.Mac), ESN: valueOf(r.Body.Esn),
	})
	if err != nil {
		return nil, err
	}
	return openapi.RequestRelease201JSONResponse{
		Body: releaseRequest(row),
		Headers: openapi.RequestRelease201ResponseHeaders{
			Location: "/v1/release-requests/" + row.Request.Request.String(), XPosition: row.Position.String(),
		},
	}, nil
}

func (h handlers) ListReleaseRequests(ctx context.Context, r openapi.ListReleaseRequestsRequestObject) (openapi.ListReleaseRequestsResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	page := in.page(r.Params.Limit, r.Params.Cursor, nil, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	rows, position, err := h.App.Devices.ReleaseRequests(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	body := openapi.ReleaseRequestList{Total: len(rows)}
	start := 0
	if page.Cursor != "" {
		if start, err = strconv.Atoi(page.Cursor); err != nil || start < 0 || start > len(rows) {
			return nil, query.ErrBadCursor
		}
	}
	end := min(start+page.Limit, len(rows))
	if end < len(rows) {
		body.NextCursor = present(strconv.Itoa(end))
	}
	body.Items = list(rows[start:end], releaseRequest)
	return openapi.ListReleaseRequests200JSONResponse{
		Body:    body,
		Headers: openapi.ListReleaseRequests200ResponseHeaders{XPosition: later(reached, position).String()},
	}, nil
}

func (h handlers) GetReleaseRequest(ctx context.Context, r openapi.GetReleaseRequestRequestObject) (openapi.GetReleaseRequestResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, err := h.App.Devices.ReleaseRequest(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	return openapi.GetReleaseRequest200JSONResponse{
		Body:    releaseRequest(row),
		Headers: openapi.GetReleaseRequest200ResponseHeaders{XPosition: later(reached, row.Position).String()},
	}, nil
}

func (h handlers) GrantReleaseRequest(ctx context.Context, r openapi.GrantReleaseRequestRequestObject) (openapi.GrantReleaseRequestResponseObject, error) {
	row, err := h.answerRelease(ctx, r.Id, true, r.Body)
	if err != nil {
		return nil, err
	}
	return openapi.GrantReleaseRequest200JSONResponse{
		Body: releaseRequest(row), Headers: openapi.GrantReleaseRequest200ResponseHeaders{XPosition: row.Position.String()},
	}, nil
}

func (h handlers) DenyReleaseRequest(ctx context.Context, r openapi.DenyReleaseRequestRequestObject) (openapi.DenyReleaseRequestResponseObject, error) {
	row, err := h.answerRelease(ctx, r.Id, false, r.Body)
	if err != nil {
		return nil, err
	}
	return openapi.DenyReleaseRequest200JSONResponse{
		Body: releaseRequest(row), Headers: openapi.DenyReleaseRequest200ResponseHeaders{XPosition: row.Position.String()},
	}, nil
}

func (h handlers) answerRelease(ctx context.Context, id uuid.UUID, grant bool, body *openapi.Reason) (devices.Release, error) {
	var reason *openapi.ReasonText
	if body != nil {
		reason = body.Reason
	}
	return h.App.Devices.AnswerRelease(ctx, callOf(ctx).caller, id, grant, commandOf(ctx, reason))
}

func releaseRequest(r devices.Release) openapi.ReleaseRequest {
	return openapi.ReleaseRequest{
		Id: r.Request.Request, SerialNumber: r.SerialNumber, Requester: r.Requester, Reason: r.Reason,
		State: openapi.ReleaseRequestState(r.Answer), RequestedAt: r.RequestedAt, AnsweredAt: instant(r.AnsweredAt),
	}
}
