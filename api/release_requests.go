package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/release"
)

var releaseSorts = []string{"requestedAt", "serialNumber", "state"}

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
	q := query.ReleaseQuery{
		Freshness: query.Freshness{MinPosition: in.minPosition(r.Params.MinPosition)},
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, releaseSorts),
		Devices:   named(r.Params.Device),
		Statuses:  eachOf[release.Answer](r.Params.State),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	page, err := h.App.Devices.ReleaseRequests(ctx, callOf(ctx).caller, devices.Role(valueOf(r.Params.Role)), q)
	if err != nil {
		return nil, err
	}
	return openapi.ListReleaseRequests200JSONResponse{
		Body:    openapi.ReleaseRequestList{Items: list(page.Items, listedRelease), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListReleaseRequests200ResponseHeaders{XPosition: page.Position.String()},
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
		State: openapi.ReleaseState(r.Answer), RequestedAt: r.RequestedAt, AnsweredAt: instant(r.AnsweredAt),
	}
}

func listedRelease(r query.ReleaseRow) openapi.ReleaseRequest {
	return openapi.ReleaseRequest{
		Id: r.UID, SerialNumber: r.SerialNumber, Requester: r.Requester, Reason: r.Reason,
		State: openapi.ReleaseState(r.Status), RequestedAt: r.RequestedAt, AnsweredAt: instant(r.AnsweredAt),
	}
}
