package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// account is the page of an account: what it is and what it holds, on a day.
func (d *Desk) account(ctx context.Context, v *visit) error { return d.showAccount(ctx, v, nil) }

func (d *Desk) showAccount(ctx context.Context, v *visit, refused *client.Problem) error {
	uid, err := uuid.Parse(v.r.PathValue("uid"))
	if err != nil {
		return errNoPage
	}
	found, err := v.fleet.GetAccount(ctx, uid, &client.GetAccountParams{AsOf: v.asOfParam()})
	if err != nil {
		return err
	}
	page := view.Account{Frame: v.frame(errorTitle(found.JSON200.Name, refused), "Customers"), Account: *found.JSON200, Problem: refused}
	if page.Rights, err = v.rightsIn(ctx, uid); err != nil {
		return err
	}
	if page.Frame.Reseller() && !page.Rights.Own {
		customers, err := v.fleet.ListCustomers(ctx, &client.ListCustomersParams{Customer: &[]uuid.UUID{uid}, AsOf: v.asOfParam()})
		if err != nil && refusal(err) == nil {
			return err
		}
		if err == nil && len(customers.JSON200.Items) > 0 {
			page.Customer = &customers.JSON200.Items[0]
		}
	}
	if page.Account.Type == openapi.Reseller {
		if slots, err := v.fleet.GetSlots(ctx, uid, nil); err == nil {
			page.Slots = slots.JSON200
		}
	}
	if page.Frame.Operator() && page.Frame.Present() && page.Account.Status != openapi.AccountStatusClosed {
		if page.Holds, err = v.holdings(ctx, uid); err != nil {
			return err
		}
	}
	return v.show(statusOf(refused), view.AccountPage(page))
}

// holdings are what an account has and what would stop if it were closed now: the
// answer of closing it that is tried only.
func (v *visit) holdings(ctx context.Context, uid uuid.UUID) (*openapi.Holdings, error) {
	tried, err := v.fleet.CloseAccount(ctx, uid, &client.CloseAccountParams{DryRun: pointer(true)}, client.CloseAccountJSONRequestBody{Confirm: pointer(true)})
	switch {
	case problemOf(err) != nil:
		return nil, nil //nolint:nilnil,nilerr // nothing to tell: the form's own answer says why
	case err != nil:
		return nil, err
	}
	return &tried.JSON200.Holds, nil
}

// changeAccount carries out a form of the account's page.
func (d *Desk) changeAccount(ctx context.Context, v *visit) error {
	uid, err := uuid.Parse(v.r.PathValue("uid"))
	if err != nil {
		return errNoPage
	}
	form, reason := v.r.PostForm, given(v.r.PostFormValue("reason"))
	done := "saved"
	switch form.Get("do") {
	case "resend":
		done = "sent"
		_, err = v.fleet.ResendInvitation(ctx, uid, nil, client.ResendInvitationJSONRequestBody{}, v.once())
	case "correct":
		done = "sent"
		_, err = v.fleet.CorrectAdministratorEmail(ctx, uid, nil, client.CorrectAdministratorEmailJSONRequestBody{Email: form.Get("email")}, v.once())
	case "withdraw":
		_, err = v.fleet.WithdrawPendingAccount(ctx, uid, nil, client.WithdrawPendingAccountJSONRequestBody{Reason: reason}, v.once())
		if err == nil {
			return v.to("/?done=withdrawn")
		}
	case "close":
		_, err = v.fleet.CloseAccount(ctx, uid, nil, client.CloseAccountJSONRequestBody{Confirm: pointer(form.Get("confirm") == "yes"), Reason: reason}, v.once())
	case "reopen":
		_, err = v.fleet.ReopenAccount(ctx, uid, nil, client.ReopenAccountJSONRequestBody{Name: given(form.Get("name")), Reason: reason}, v.once())
	default:
		return errNoPage
	}
	if p := refusal(err); p != nil {
		return d.showAccount(ctx, v, p)
	}
	if err != nil {
		return err
	}
	return v.to("/accounts/" + uid.String() + "?done=" + done)
}

// newCustomer asks for what a customer's account needs.
func (d *Desk) newCustomer(_ context.Context, v *visit) error {
	return v.show(http.StatusOK, view.NewCustomerPage(view.NewCustomer{Frame: v.frame("New customer", "Customers")}))
}

// createCustomer creates a customer's account.
func (d *Desk) createCustomer(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := view.NewCustomer{Name: form.Get("name"), Email: form.Get("email"), Person: form.Get("person"), Offers: form["offer"]}
	body := client.CreateCustomerJSONRequestBody{Name: page.Name, Administrator: openapi.Administrator{Email: page.Email, Name: given(page.Person)}}
	if len(page.Offers) > 0 {
		offers := make([]openapi.Offer, len(page.Offers))
		for i, o := range page.Offers {
			offers[i] = openapi.Offer(o)
		}
		body.Offers = &offers
	}
	created, err := v.fleet.CreateCustomer(ctx, nil, body, v.once())
	if page.Problem = refusal(err); page.Problem != nil {
		page.Frame = v.frame(errorTitle("New customer", page.Problem), "Customers")
		return v.show(page.Problem.Status, view.NewCustomerPage(page))
	}
	if err != nil {
		return err
	}
	return v.to("/accounts/" + created.JSON201.Uid.String() + "?done=created")
}
