package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// transfers lists transfers and what became of them; each can be looked at again, and
// taken back from there.
func (d *Desk) transfers(ctx context.Context, v *visit) error {
	page := view.Transfers{Frame: v.frame("Transfers", "Transfer"), From: v.from(), Sort: v.sort("-requestedAt")}
	params := &client.ListTransfersParams{
		State: either[openapi.TransferState](v.query, "state"), Device: either[string](v.query, "device"),
		Sort: &page.Sort, Cursor: given(v.query.Get("cursor")), Limit: pointer(rows),
	}
	if uid, err := uuid.Parse(v.query.Get("account")); err == nil {
		params.Account = &[]uuid.UUID{uid}
	}
	answer, err := v.fleet.ListTransfers(ctx, params)
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	page.Names = v.accountNames(ctx, view.TransferAccounts(page.List)...)
	return v.show(http.StatusOK, view.TransfersPage(page))
}
