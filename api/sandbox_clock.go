package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/schedule"
)

func (h handlers) GetSandboxClock(ctx context.Context, _ openapi.GetSandboxClockRequestObject) (openapi.GetSandboxClockResponseObject, error) {
	now, err := h.App.Schedule.SandboxTime(callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.GetSandboxClock200JSONResponse{Now: now}, nil
}

func (h handlers) MoveSandboxClock(ctx context.Context, r openapi.MoveSandboxClockRequestObject) (openapi.MoveSandboxClockResponseObject, error) {
	// Where there is no sandbox, nothing about the request matters.
	if _, err := h.App.Schedule.SandboxTime(callOf(ctx).caller); err != nil {
		return nil, err
	}
	var in reading
	c := schedule.MoveClock{Advance: in.span("/advance", r.Body.Advance), To: in.instant("/now", r.Body.Now)}
	if err := in.err(); err != nil {
		return nil, err
	}
	now, position, err := h.App.Schedule.MoveClock(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.MoveSandboxClock200JSONResponse{
		Body: openapi.SandboxClock{Now: now}, Headers: openapi.MoveSandboxClock200ResponseHeaders{XPosition: position.String()},
	}, nil
}
