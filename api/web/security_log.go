package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// securityLog is who has signed in, was refused, made a token or changed what protects
// an account; for the operator of all accounts, unless one is named.
func (d *Desk) securityLog(ctx context.Context, v *visit) error {
	page := view.SecurityLog{Frame: v.frame("Security log", "Administration"), From: v.from(), Sort: v.sort("-at"), Users: map[uuid.UUID]string{}}
	params := &client.ListSecurityLogParams{
		Kind: either[openapi.SecurityKind](v.query, "kind"), Sort: &page.Sort, Cursor: given(v.query.Get("cursor")), Limit: pointer(rows),
	}
	if v.me.Kind != "operator" || v.query.Get("account") != "" {
		uid, err := v.administered()
		if err != nil {
			return err
		}
		params.Account = &uid
	}
	answer, err := v.fleet.ListSecurityLog(ctx, params)
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	page.Accounts = v.accountNames(ctx, view.SecurityAccounts(page.List)...)
	if params.Account != nil {
		// People are told by id in the log; who that is, is looked up.
		if users, err := v.fleet.ListUsers(ctx, *params.Account, &client.ListUsersParams{Limit: pointer(1000)}); err == nil {
			for _, u := range users.JSON200.Items {
				page.Users[u.Uid] = u.Email
			}
		}
	}
	return v.show(http.StatusOK, view.SecurityLogPage(page))
}
