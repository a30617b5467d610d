package api

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/query"
)

func (h handlers) RequestRelease(ctx context.Context, r RequestReleaseRequestObject) (RequestReleaseResponseObject, error) {
	row, err := h.App.RequestRelease(ctx, callOf(ctx).caller, app.RequestRelease{
		Command: commandOf(ctx, r.Body.Reason), SerialNumber: r.Body.SerialNumber,
		IMEI: valueOf(r.Body.Imei), MAC: valueOf(r.Body.Mac), ESN: valueOf(r.Body.Esn),
	})
	if err != nil {
		return nil, err
	}
	return RequestRelease201JSONResponse{
		Body: releaseRequest(row),
		Headers: RequestRelease201ResponseHeaders{
			Location: "/v1/release-requests/" + row.Request.Request.String(), XPosition: row.Position.String(),
		},
	}, nil
}

func (h handlers) ListReleaseRequests(ctx context.Context, r ListReleaseRequestsRequestObject) (ListReleaseRequestsResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	page := in.page(r.Params.Limit, r.Params.Cursor, nil, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	rows, position, err := h.App.ReleaseRequests(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	body := ReleaseRequestList{Total: len(rows)}
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
	return ListReleaseRequests200JSONResponse{
		Body:    body,
		Headers: ListReleaseRequests200ResponseHeaders{XPosition: later(reached, position).String()},
	}, nil
}

func (h handlers) GetReleaseRequest(ctx context.Context, r GetReleaseRequestRequestObject) (GetReleaseRequestResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, err := h.App.ReleaseRequest(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	return GetReleaseRequest200JSONResponse{
		Body:    releaseRequest(row),
		Headers: GetReleaseRequest200ResponseHeaders{XPosition: later(reached, row.Position).String()},
	}, nil
}

func (h handlers) GrantReleaseRequest(ctx context.Context, r GrantReleaseRequestRequestObject) (GrantReleaseRequestResponseObject, error) {
	row, err := h.answerRelease(ctx, r.Id, true, r.Body)
	if err != nil {
		return nil, err
	}
	return GrantReleaseRequest200JSONResponse{
		Body: releaseRequest(row), Headers: GrantReleaseRequest200ResponseHeaders{XPosition: row.Position.String()},
	}, nil
}

func (h handlers) DenyReleaseRequest(ctx context.Context, r DenyReleaseRequestRequestObject) (DenyReleaseRequestResponseObject, error) {
	row, err := h.answerRelease(ctx, r.Id, false, r.Body)
	if err != nil {
		return nil, err
	}
	return DenyReleaseRequest200JSONResponse{
		Body: releaseRequest(row), Headers: DenyReleaseRequest200ResponseHeaders{XPosition: row.Position.String()},
	}, nil
}

func (h handlers) answerRelease(ctx context.Context, id uuid.UUID, grant bool, body *Reason) (app.ReleaseRow, error) {
	var reason *ReasonText
	if body != nil {
		reason = body.Reason
	}
	return h.App.AnswerRelease(ctx, callOf(ctx).caller, id, grant, commandOf(ctx, reason))
}

func releaseRequest(r app.ReleaseRow) ReleaseRequest {
	return ReleaseRequest{
		Id: r.Request.Request, SerialNumber: r.SerialNumber, Requester: r.Requester, Reason: r.Reason,
		State: ReleaseRequestState(r.Answer), RequestedAt: r.RequestedAt, AnsweredAt: instant(r.AnsweredAt),
	}
}
