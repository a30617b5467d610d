package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// orders lists renewal orders; for the operator those that wait come first.
func (d *Desk) orders(ctx context.Context, v *visit) error {
	page := view.Orders{Frame: v.frame("Orders", "Orders"), State: v.query.Get("state"), From: v.from(), Sort: v.sort("-orderedAt")}
	if page.Frame.Operator() && !v.query.Has("state") {
		page.State = "ordered"
	}
	answer, err := v.fleet.ListRenewals(ctx, &client.ListRenewalsParams{
		State: states(page.State), Sort: &page.Sort, Cursor: given(v.query.Get("cursor")), Limit: pointer(rows),
		OrderNumber: either[string](v.query, "orderNumber"),
	})
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	var uids []uuid.UUID
	for _, o := range page.List.Items {
		if o.Account != nil {
			uids = append(uids, *o.Account)
		}
	}
	page.Names = v.accountNames(ctx, uids...)
	return v.show(http.StatusOK, view.OrdersPage(page))
}

// states is a filter by a state; nil for all.
func states(state string) *[]openapi.RenewalState {
	if state == "" {
		return nil
	}
	return &[]openapi.RenewalState{openapi.RenewalState(state)}
}

// renewalOrder shows a renewal order and what can be done with it.
func (d *Desk) renewalOrder(ctx context.Context, v *visit) error { return d.showOrder(ctx, v, nil) }

func (d *Desk) showOrder(ctx context.Context, v *visit, refused *client.Problem) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	found, err := v.fleet.GetRenewal(ctx, id, &client.GetRenewalParams{Limit: pointer(1000)})
	if err != nil {
		return err
	}
	page := view.Order{Frame: v.frame(errorTitle("Order", refused), "Orders"), Order: *found.JSON200, Problem: refused}
	page.Names = v.accountNames(ctx, view.OrderAccounts(page.Order)...)
	return v.show(statusOf(refused), view.OrderPage(page))
}

// answerOrder applies, declines, withdraws or reverses an order.
func (d *Desk) answerOrder(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	answer := openapi.RenewalAnswer{Reason: given(v.r.PostFormValue("reason"))}
	switch v.r.PostFormValue("do") {
	case "apply":
		_, err = v.fleet.ApplyRenewal(ctx, id, nil, answer, v.once())
	case "decline":
		_, err = v.fleet.DeclineRenewal(ctx, id, nil, answer, v.once())
	case "withdraw":
		_, err = v.fleet.WithdrawRenewal(ctx, id, nil, answer, v.once())
	case "reverse":
		_, err = v.fleet.ReverseRenewal(ctx, id, nil, client.ReverseRenewalJSONRequestBody{Reason: answer.Reason}, v.once())
	default:
		return errNoPage
	}
	if p := refusal(err); p != nil {
		return d.showOrder(ctx, v, p)
	}
	if err != nil {
		return err
	}
	return v.to("/orders/" + id.String() + "?done=saved")
}
