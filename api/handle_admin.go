package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fleetledger/fleetledger/app"
)

// What an account's administrators, and the operator, decide about it.

func (h handlers) AssignPartnerProfile(ctx context.Context, r AssignPartnerProfileRequestObject) (AssignPartnerProfileResponseObject, error) {
	var in reading
	c := app.AssignPartnerProfile{
		Command:  commandOf(ctx, r.Body.Reason),
		Reseller: r.Partner, Customer: r.Uid, Profile: valueOf(r.Body.Profile), Until: in.optional("/until", r.Body.Until),
	}
	if c.Profile == "" && c.Until == nil {
		in.wrong("", codeFieldMissing, "Give a profile or until.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.AssignPartnerProfile(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return AssignPartnerProfile200JSONResponse{
		Body:    Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: AssignPartnerProfile200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}

// optional reads an instant that may be left out (nil) or null (zero).
func (r *reading) optional(pointer string, v json.RawMessage) *time.Time {
	if len(v) == 0 {
		return nil
	}
	var t *time.Time
	if err := json.Unmarshal(v, &t); err != nil {
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z.")
		return nil
	}
	if t == nil {
		return &time.Time{}
	}
	return t
}

func (h handlers) EndPartnership(ctx context.Context, r EndPartnershipRequestObject) (EndPartnershipResponseObject, error) {
	written, err := h.App.EndPartnership(ctx, callOf(ctx).caller, r.Partner, r.Uid, commandOf(ctx, r.Params.Reason))
	if err != nil {
		return nil, err
	}
	return EndPartnership200JSONResponse{
		Body:    Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: EndPartnership200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}
