package web

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// transfer is the first step: which devices, from where, to whom.
func (d *Desk) transfer(ctx context.Context, v *visit) error {
	chosen, err := v.chosen(ctx)
	if err != nil {
		return err
	}
	return d.chooseTransfer(ctx, v, view.TransferChoice{Devices: chosen, To: v.query.Get("to")})
}

func (d *Desk) chooseTransfer(ctx context.Context, v *visit, page view.TransferChoice) error {
	page.Frame = v.frame(errorTitle("Transfer", page.Problem), "Transfer")
	if own := page.Frame.Own(); own != uuid.Nil {
		page.From = own.String()
		page.FromName = page.Frame.Account()
	}
	if len(page.Devices) > 0 {
		first, err := v.fleet.GetDevice(ctx, page.Devices[0], nil)
		if err != nil && refusal(err) == nil && problemOf(err) == nil {
			return err
		}
		if err == nil {
			page.From = first.JSON200.Account.Uid.String()
			page.FromName = valueOf(first.JSON200.Account.Name)
		}
	}
	if page.Frame.Reseller() && page.From != page.Frame.Own().String() && page.To == "" {
		page.To = page.Frame.Account() // out of a customer's account it can only come here
	}
	if page.Frame.Reseller() {
		answer, err := v.fleet.ListCustomers(ctx, &client.ListCustomersParams{Limit: pointer(1000), Sort: pointer("name")})
		if err != nil {
			return err
		}
		page.Customers = answer.JSON200.Items
	}
	return v.show(statusOf(page.Problem), view.TransferChoicePage(page))
}

// planTransfer makes a plan and leads to it.
func (d *Desk) planTransfer(ctx context.Context, v *visit) error {
	devices, err := v.chosen(ctx)
	if err != nil {
		return err
	}
	page := view.TransferChoice{Devices: devices, To: v.r.PostFormValue("to")}
	to, problem, err := v.accountNamed(ctx, page.To)
	if err != nil {
		return err
	}
	if page.Problem = problem; problem != nil {
		return d.chooseTransfer(ctx, v, page)
	}
	from, problem, err := v.accountNamed(ctx, v.r.PostFormValue("from"))
	if err != nil {
		return err
	}
	if page.Problem = problem; problem != nil {
		return d.chooseTransfer(ctx, v, page)
	}
	plan, err := v.fleet.PlanTransfer(ctx, nil, client.PlanTransferJSONRequestBody{
		From: from, To: to, Devices: devices, Offer: given(openapi.Offer(v.r.PostFormValue("offer"))),
	}, v.once())
	if page.Problem = refusal(err); page.Problem != nil {
		return d.chooseTransfer(ctx, v, page)
	}
	if err != nil {
		return err
	}
	return v.to("/transfer/" + plan.JSON201.Id.String())
}

// transferPlan is the second step: what would become of each device, and why.
func (d *Desk) transferPlan(ctx context.Context, v *visit) error { return d.showPlan(ctx, v, nil) }

func (d *Desk) showPlan(ctx context.Context, v *visit, refused *client.Problem) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	plan, err := v.fleet.GetTransferPlan(ctx, id, nil)
	if err != nil {
		return err
	}
	page := view.TransferPlan{Frame: v.frame(errorTitle("Transfer plan", refused), "Transfer"), Plan: *plan.JSON200, Problem: refused}
	var uids []string
	for _, r := range page.Plan.Results {
		if r.Uid != nil && len(uids) < mostShown {
			uids = append(uids, *r.Uid)
		}
	}
	if page.Devices, err = v.devicesByUID(ctx, uids); err != nil {
		return err
	}
	names := v.accountNames(ctx, page.Plan.From, page.Plan.To)
	page.FromName, page.ToName = names[page.Plan.From], names[page.Plan.To]
	return v.show(statusOf(refused), view.TransferPlanPage(page))
}

// mostShown bounds the devices whose present state a plan's page looks up.
const mostShown = 500

// accountNames are what accounts are called, as far as the reader may know.
func (v *visit) accountNames(ctx context.Context, uids ...uuid.UUID) map[uuid.UUID]string {
	names := map[uuid.UUID]string{}
	for _, uid := range uids {
		names[uid] = uid.String()
		if v.me.Account != nil && *v.me.Account == uid && v.me.AccountName != nil {
			names[uid] = *v.me.AccountName
		} else if name := v.accountName(ctx, uid); name != "" {
			names[uid] = name
		}
	}
	return names
}

// accountName is what an account is called, empty where the reader may not know. A
// reseller knows its customers, also those whose account it may not open.
func (v *visit) accountName(ctx context.Context, uid uuid.UUID) string {
	if found, err := v.fleet.GetAccount(ctx, uid, nil); err == nil {
		return found.JSON200.Name
	}
	found, err := v.fleet.ListCustomers(ctx, &client.ListCustomersParams{Search: pointer(uid.String()), Limit: pointer(1)})
	if err != nil || len(found.JSON200.Items) == 0 || found.JSON200.Items[0].Uid != uid {
		return ""
	}
	return found.JSON200.Items[0].Name
}

// commitTransfer is the third step: it does what the plan says.
func (d *Desk) commitTransfer(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	atomic := v.r.PostFormValue("atomic") == "true"
	done, err := v.fleet.TransferDevices(ctx, &client.TransferDevicesParams{Atomic: &atomic}, client.TransferDevicesJSONRequestBody{
		PlanId: &id, Reason: given(v.r.PostFormValue("reason")),
	}, v.once())
	if p := refusal(err); p != nil {
		return d.showPlan(ctx, v, p)
	}
	if err != nil {
		return err
	}
	if done.JSON202 != nil {
		return v.to("/operations/" + done.JSON202.Id.String())
	}
	bulk := done.JSON201
	if bulk == nil {
		bulk = done.JSON200
	}
	if bulk == nil || bulk.Id == nil {
		return d.showPlan(ctx, v, refusedAll(nil))
	}
	return v.to("/transfers/" + bulk.Id.String())
}

// transferred is the record of a transfer, from where it can be taken back.
func (d *Desk) transferred(ctx context.Context, v *visit) error {
	return d.showTransferred(ctx, v, nil)
}

func (d *Desk) showTransferred(ctx context.Context, v *visit, refused *client.Problem) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	found, err := v.fleet.GetTransfer(ctx, id, &client.GetTransferParams{Limit: pointer(1000)})
	if err != nil {
		return err
	}
	page := view.Transferred{Frame: v.frame(errorTitle("Transfer", refused), "Transfer"), Transfer: *found.JSON200, Problem: refused}
	names := v.accountNames(ctx, page.Transfer.From, page.Transfer.To)
	page.FromName, page.ToName = names[page.Transfer.From], names[page.Transfer.To]
	return v.show(statusOf(refused), view.TransferredPage(page))
}

// reverseTransfer takes a transfer back, as far as nothing changed since.
func (d *Desk) reverseTransfer(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	done, err := v.fleet.ReverseTransfer(ctx, id, nil, client.ReverseTransferJSONRequestBody{Reason: v.r.PostFormValue("reason")}, v.once())
	if p := refusal(err); p != nil {
		return d.showTransferred(ctx, v, p)
	}
	if err != nil {
		return err
	}
	if bulk := cmp.Or(done.JSON201, done.JSON200); bulk != nil && valueOf(bulk.Summary.Transferred) == 0 {
		return d.showTransferred(ctx, v, refusedAll(bulk.Results))
	}
	return v.to("/transfers/" + id.String())
}
