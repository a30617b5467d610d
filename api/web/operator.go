package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// accounts lists the accounts that the operator, or an auditor, may see.
func (d *Desk) accounts(ctx context.Context, v *visit) error {
	page := view.Accounts{Frame: v.frame("Accounts", "Accounts"), Sort: v.sort("name"), From: v.from(), Search: v.query.Get("search")}
	answer, err := v.fleet.ListAccounts(ctx, &client.ListAccountsParams{
		Search: given(page.Search), Sort: &page.Sort, Cursor: given(v.query.Get("cursor")), Limit: pointer(rows), AsOf: v.asOfParam(),
		Type: either[openapi.AccountType](v.query, "type"), Status: either[openapi.AccountStatus](v.query, "status"),
	})
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	return v.show(http.StatusOK, view.AccountsPage(page))
}

// newAccount asks for what an account needs that the operator creates.
func (d *Desk) newAccount(_ context.Context, v *visit) error {
	return v.show(http.StatusOK, view.NewAccountPage(view.NewAccount{Frame: v.frame("New account", "Accounts"), Type: "reseller"}))
}

// createAccount creates an account.
func (d *Desk) createAccount(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := view.NewAccount{Name: form.Get("name"), Email: form.Get("email"), Person: form.Get("person"), Type: form.Get("type")}
	created, err := v.fleet.CreateAccount(ctx, nil, client.CreateAccountJSONRequestBody{
		Name: page.Name, Type: openapi.AccountType(page.Type), Administrator: openapi.Administrator{Email: page.Email, Name: given(page.Person)},
	}, v.once())
	if page.Problem = refusal(err); page.Problem != nil {
		page.Frame = v.frame(errorTitle("New account", page.Problem), "Accounts")
		return v.show(page.Problem.Status, view.NewAccountPage(page))
	}
	if err != nil {
		return err
	}
	return v.to("/accounts/" + created.JSON201.Uid.String() + "?done=created")
}

// grants lists the service allocations that the operator granted, and grants them.
func (d *Desk) grants(ctx context.Context, v *visit) error {
	return d.showGrants(ctx, v, view.Grants{Device: v.query.Get("device"), Term: "P1Y"})
}

func (d *Desk) showGrants(ctx context.Context, v *visit, page view.Grants) error {
	page.From = v.from()
	answer, err := v.fleet.ListAllocations(ctx, &client.ListAllocationsParams{Cursor: given(v.query.Get("cursor")), Limit: pointer(rows)})
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	page.Frame = v.frame(errorTitle("Grants", page.Problem), "Grants")
	return v.show(statusOf(page.Problem), view.GrantsPage(page))
}

// grant grants a device a service allocation.
func (d *Desk) grant(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := view.Grants{Device: strings.TrimSpace(form.Get("device")), Term: form.Get("term"), Until: form.Get("until"), Reason: form.Get("reason")}
	request := client.GrantAllocationJSONRequestBody{Device: page.Device, Reason: given(page.Reason)}
	if page.Until != "" {
		request.Until = &page.Until
	} else {
		request.Term = given(page.Term)
	}
	_, err := v.fleet.GrantAllocation(ctx, nil, request, v.once())
	if page.Problem = refusal(err); page.Problem == nil && problemOf(err) != nil && problemOf(err).Status == http.StatusNotFound {
		page.Problem = problemOf(err)
	}
	if page.Problem != nil {
		return d.showGrants(ctx, v, page)
	}
	if err != nil {
		return err
	}
	return v.to("/devices/" + url.PathEscape(page.Device) + "?done=saved")
}

// catalogue shows the models in force, and edits them for the operator.
func (d *Desk) catalogue(ctx context.Context, v *visit) error {
	return d.showCatalogue(ctx, v, view.Catalogue{})
}

func (d *Desk) showCatalogue(ctx context.Context, v *visit, page view.Catalogue) error {
	answer, err := v.fleet.GetCatalogue(ctx, &client.GetCatalogueParams{AsOf: v.asOfParam()})
	if err != nil {
		return err
	}
	page.Found = *answer.JSON200
	page.Frame = v.frame(errorTitle("Catalogue", page.Problem), "Catalogue")
	return v.show(statusOf(page.Problem), view.CataloguePage(page))
}

// editCatalogue puts a model, or withdraws it.
func (d *Desk) editCatalogue(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	model := strings.ToUpper(strings.TrimSpace(form.Get("model")))
	var err error
	switch form.Get("do") {
	case "put":
		months, _ := strconv.Atoi(form.Get("includedMonths")) // 0 is refused
		models := make([]openapi.Offer, len(form["offer"]))
		for i, o := range form["offer"] {
			models[i] = openapi.Offer(o)
		}
		_, err = v.fleet.PutModel(ctx, model, nil, client.PutModelJSONRequestBody{
			SerialPattern: form.Get("serialPattern"), Offers: models, DefaultOffer: openapi.Offer(form.Get("defaultOffer")), IncludedMonths: months,
		}, v.once())
	case "withdraw":
		_, err = v.fleet.WithdrawModel(ctx, model, nil, v.once())
	default:
		return errNoPage
	}
	if p := refusal(err); p != nil {
		return d.showCatalogue(ctx, v, view.Catalogue{Problem: p, Typed: form})
	}
	if err != nil {
		return err
	}
	return v.to("/catalogue?done=saved")
}

// audits lists the grants that let auditors read.
func (d *Desk) audits(ctx context.Context, v *visit) error {
	return d.showAudits(ctx, v, view.Audits{})
}

func (d *Desk) showAudits(ctx context.Context, v *visit, page view.Audits) error {
	page.From = v.from()
	answer, err := v.fleet.ListAuditGrants(ctx, &client.ListAuditGrantsParams{Cursor: given(v.query.Get("cursor")), Limit: pointer(rows)})
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	var uids []uuid.UUID
	for _, g := range page.List.Items {
		uids = append(uids, g.Accounts...)
	}
	page.Names = v.accountNames(ctx, uids...)
	page.Frame = v.frame(errorTitle("Audits", page.Problem), "Audits")
	return v.show(statusOf(page.Problem), view.AuditsPage(page))
}

// editAudits grants an audit, or revokes one.
func (d *Desk) editAudits(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := view.Audits{Typed: form}
	var err error
	switch form.Get("do") {
	case "grant":
		request := client.GrantAuditJSONRequestBody{Auditor: openapi.Auditor{Email: form.Get("email"), Name: given(form.Get("name"))}, Reason: given(form.Get("reason"))}
		for _, text := range strings.Fields(strings.ReplaceAll(form.Get("accounts"), ",", " ")) {
			uid, bad := uuid.Parse(text)
			if bad != nil {
				err = unreadable("account_unknown", "#/accounts", text+" is not a UID.")
				break
			}
			request.Accounts = append(request.Accounts, uid)
		}
		if until := endOf(form.Get("until")); until != nil {
			request.ExpiresAt = *until
		}
		if err == nil {
			var granted *client.GrantAuditResponse
			if granted, err = v.fleet.GrantAudit(ctx, nil, request, v.once()); err == nil {
				page.Granted, page.Typed = granted.JSON201, nil // shown this once, so there is no redirect
				return d.showAudits(ctx, v, page)
			}
		}
	case "revoke":
		id, bad := uuid.Parse(form.Get("grant"))
		if bad != nil {
			return errNoPage
		}
		if _, err = v.fleet.RevokeAuditGrant(ctx, id, nil, client.RevokeAuditGrantJSONRequestBody{}, v.once()); err == nil {
			return v.to("/audits?done=ended")
		}
	default:
		return errNoPage
	}
	if page.Problem = refusal(err); page.Problem != nil {
		return d.showAudits(ctx, v, page)
	}
	return err
}

// projections shows how far the read models are.
func (d *Desk) projections(ctx context.Context, v *visit) error {
	answer, err := v.fleet.ListProjections(ctx, nil)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, view.ProjectionsPage(view.Projections{Frame: v.frame("Projections", "Projections"), All: answer.JSON200.Items}))
}
