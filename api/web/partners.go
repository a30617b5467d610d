package web

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// partners is the table of partners alone, with the requests for partnerships.
func (d *Desk) partners(ctx context.Context, v *visit) error {
	return d.showPartners(ctx, v, view.PartnershipRequests{})
}

func (d *Desk) showPartners(ctx context.Context, v *visit, requests view.PartnershipRequests) error {
	uid, err := v.administered()
	if err != nil {
		return err
	}
	page := view.Partners{Frame: v.frame(errorTitle("Partners", requests.Problem), "Partners"), From: v.from()}
	answer, err := v.fleet.ListPartners(ctx, uid, &client.ListPartnersParams{Limit: pointer(rows), Cursor: given(v.query.Get("cursor")), AsOf: v.asOfParam()})
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	if v.me.Account != nil && *v.me.Account == uid {
		if page.Requests, err = v.partnershipRequests(ctx, requests); err != nil {
			return err
		}
	}
	return v.show(statusOf(requests.Problem), view.PartnersPage(page))
}

// partnershipRequests are those that the reader's own account has made or got, with
// what is needed to answer them. What the reader may not see stays empty.
func (v *visit) partnershipRequests(ctx context.Context, r view.PartnershipRequests) (view.PartnershipRequests, error) {
	r.Frame = v.frame("", "")
	if !r.Frame.Present() {
		return r, nil
	}
	answer, err := v.fleet.ListPartnershipRequests(ctx, &client.ListPartnershipRequestsParams{Limit: pointer(rows)})
	switch {
	case problemOf(err) != nil:
		return r, nil //nolint:nilerr // not the reader's to see
	case err != nil:
		return r, err
	}
	r.List = answer.JSON200
	profiles, err := v.fleet.ListProfiles(ctx, *v.me.Account, nil)
	switch {
	case err == nil:
		r.Profiles = profiles.JSON200.Items
	case problemOf(err) == nil:
		return r, err
	}
	return r, nil
}

// answerPartnership carries out a form about requests for partnerships.
func (d *Desk) answerPartnership(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	id, err := uuid.Parse(form.Get("request"))
	if err != nil && form.Get("do") != "request" {
		return errNoPage
	}
	reason, done := given(form.Get("reason")), "saved"
	switch form.Get("do") {
	case "request":
		done, err = "requested", v.requestPartnership(ctx)
	case "accept":
		_, err = v.fleet.AcceptPartnershipRequest(ctx, id, nil, client.AcceptPartnershipRequestJSONRequestBody{Profile: given(form.Get("profile"))}, v.once())
	case "decline":
		_, err = v.fleet.DeclinePartnershipRequest(ctx, id, nil, client.DeclinePartnershipRequestJSONRequestBody{Reason: reason}, v.once())
	case "withdraw":
		_, err = v.fleet.WithdrawPartnershipRequest(ctx, id, nil, client.WithdrawPartnershipRequestJSONRequestBody{Reason: reason}, v.once())
	default:
		return errNoPage
	}
	if p := refusal(err); p != nil {
		return d.showPartners(ctx, v, view.PartnershipRequests{Problem: p, Typed: form})
	}
	if err != nil {
		return err
	}
	return v.to("/partners?done=" + done)
}

// requestPartnership asks an account, by its UID.
func (v *visit) requestPartnership(ctx context.Context) error {
	form := v.r.PostForm
	account, err := uuid.Parse(strings.TrimSpace(form.Get("account")))
	if err != nil {
		return unreadable("account_unknown", "#/account", "Type the UID of the customer's account; the customer can tell it.")
	}
	_, err = v.fleet.RequestPartnership(ctx, nil, client.RequestPartnershipJSONRequestBody{
		Account: account, Profile: given(form.Get("profile")), Until: endOf(form.Get("until")), Note: given(form.Get("note")),
	}, v.once())
	return err
}
