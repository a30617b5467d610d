package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/audits"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
)

var auditSorts = []string{"grantedAt", "expiresAt", "status"}

func (h handlers) GrantAudit(ctx context.Context, r openapi.GrantAuditRequestObject) (openapi.GrantAuditResponseObject, error) {
	granted, err := h.App.Audits.Grant(ctx, callOf(ctx).caller, audits.Grant{
		Command: commandOf(ctx, r.Body.Reason), Auditor: account.Contact{Email: r.Body.Auditor.Email, Name: valueOf(r.Body.Auditor.Name)},
		Accounts: r.Body.Accounts, ExpiresAt: r.Body.ExpiresAt,
	})
	if err != nil {
		return nil, err
	}
	shown := auditGrant(granted.AuditGrantRow)
	if callOf(ctx).dryRun {
		return openapi.GrantAudit200JSONResponse(shown), nil
	}
	return openapi.GrantAudit201JSONResponse{
		Body: openapi.CreatedAuditGrant{
			Id: shown.Id, Auditor: shown.Auditor, Accounts: shown.Accounts, Status: shown.Status, GrantedAt: shown.GrantedAt,
			ExpiresAt: shown.ExpiresAt, EndedAt: shown.EndedAt, Reason: shown.Reason, Revision: shown.Revision, Token: granted.Token,
		},
		Headers: openapi.GrantAudit201ResponseHeaders{
			Location: "/v1/audit-grants/" + granted.UID.String(), XPosition: granted.Position.String(),
		},
	}, nil
}

func (h handlers) ListAuditGrants(ctx context.Context, r openapi.ListAuditGrantsRequestObject) (openapi.ListAuditGrantsResponseObject, error) {
	var in reading
	q := query.AuditGrantQuery{
		Freshness: in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf),
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, auditSorts),
		Accounts:  valueOf(r.Params.Account),
		Statuses:  eachOf[audit.Status](r.Params.Status),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	fetch := func() (query.List[query.AuditGrantRow], error) { return h.App.Audits.List(ctx, callOf(ctx).caller, q) }
	if wantsCSV(ctx) {
		return csvList(h, "audit-grants", auditGrantColumns, r.Params.Limit, q.Freshness, &q.Page, fetch, auditGrantCells)
	}
	page, err := fetch()
	if err != nil {
		return nil, err
	}
	return openapi.ListAuditGrants200JSONResponse{
		Body:    openapi.AuditGrantList{Items: list(page.Items, auditGrant), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListAuditGrants200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func (h handlers) GetAuditGrant(ctx context.Context, r openapi.GetAuditGrantRequestObject) (openapi.GetAuditGrantResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.Audits.Get(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	return openapi.GetAuditGrant200JSONResponse{
		Body:    auditGrant(row),
		Headers: openapi.GetAuditGrant200ResponseHeaders{ETag: etag(row.Revision), XPosition: later(reached, position).String()},
	}, nil
}

func (h handlers) RevokeAuditGrant(ctx context.Context, r openapi.RevokeAuditGrantRequestObject) (openapi.RevokeAuditGrantResponseObject, error) {
	var in reading
	expected := in.ifMatch(r.Params.IfMatch)
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Audits.Revoke(ctx, callOf(ctx).caller, r.Id, commandOf(ctx, valueOf(r.Body).Reason), expected)
	return openapi.RevokeAuditGrant200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}

func auditGrant(r query.AuditGrantRow) openapi.AuditGrant {
	return openapi.AuditGrant{
		Id: r.UID, Auditor: person(r.Auditor), Accounts: r.Accounts, Status: openapi.AuditGrantStatus(r.Status),
		GrantedAt: r.GrantedAt, ExpiresAt: r.Expires, EndedAt: instant(r.EndedAt), Reason: r.Reason, Revision: int64(r.Revision),
	}
}
