package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/ports"
)

func (h handlers) ListSecurityLog(ctx context.Context, r openapi.ListSecurityLogRequestObject) (openapi.ListSecurityLogResponseObject, error) {
	var in reading
	q := ports.SecurityQuery{
		Page:    in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, []string{"at"}),
		Account: r.Params.Account, Kinds: eachOf[ports.SecurityKind](r.Params.Kind), Users: valueOf(r.Params.User),
		From: valueOf(r.Params.From), To: valueOf(r.Params.To),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.SecurityLog.List(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListSecurityLog200JSONResponse{Items: list(found.Items, securityEntry), NextCursor: present(found.NextCursor), Total: found.Total}, nil
}

func securityEntry(e ports.SecurityEntry) openapi.SecurityEntry {
	shown := openapi.SecurityEntry{
		Id: e.ID, Kind: openapi.SecurityKind(e.Kind), At: e.At.UTC(), LastAt: e.LastAt.UTC(), Times: e.Times,
		Why: e.Why,
	}
	shown.Actor.Kind, shown.Actor.Id = string(e.Actor.Kind), e.Actor.ID
	if e.Account != uuid.Nil {
		shown.Account = &e.Account
	}
	if e.User != uuid.Nil {
		shown.User = &e.User
	}
	if e.From.IsValid() {
		shown.Address = new(e.From.String())
	}
	return shown
}
