package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// device is the page of a device on a day: what it is, what decides, what happened.
func (d *Desk) device(ctx context.Context, v *visit) error { return d.showDevice(ctx, v, nil) }

func (d *Desk) showDevice(ctx context.Context, v *visit, refused *client.Problem) error {
	v.dayOfLife()
	id := v.r.PathValue("id")
	found, err := v.fleet.GetDevice(ctx, id, &client.GetDeviceParams{AsOf: v.asOfParam()})
	if err != nil {
		return err
	}
	history, err := v.fleet.GetDeviceHistory(ctx, id, &client.GetDeviceHistoryParams{Limit: pointer(1000)})
	if err != nil {
		return err
	}
	why, err := v.fleet.ExplainDevice(ctx, id, &client.ExplainDeviceParams{AsOf: v.asOfParam()})
	if err != nil {
		return err
	}
	rights, err := v.rightsIn(ctx, found.JSON200.Account.Uid)
	if err != nil {
		return err
	}
	page := view.Device{
		Frame: v.frame(errorTitle(found.JSON200.Name, refused), "Devices"), Device: *found.JSON200, Tag: found.Header.Get("ETag"), Rights: rights, Problem: refused,
		Why: why.JSON200.Fields, Total: history.JSON200.Total, Labels: strings.Join(found.JSON200.Labels, ", "),
	}
	names := v.names(ctx, history.JSON200.Items)
	page.Life, page.Steps = view.LifeOf(history.JSON200.Items, names, page.Frame)
	return v.show(statusOf(refused), view.DevicePage(page))
}

// dayOfLife makes the day that the slider asks for, counted from a first one, the
// day of the page.
func (v *visit) dayOfLife() {
	first, err := calendar.Parse(v.query.Get("first"))
	if err != nil { // no slider was moved
		return
	}
	if n, err := strconv.Atoi(v.query.Get("day")); err == nil {
		v.query.Set("asOf", first.AddDays(n).String())
	}
	v.query.Del("first")
	v.query.Del("day")
}

// rightsIn is what the reader may do in an account.
func (v *visit) rightsIn(ctx context.Context, account uuid.UUID) (view.Rights, error) {
	switch {
	case v.me.Kind == "operator":
		return view.Rights{All: true}, nil
	case v.me.Account != nil && *v.me.Account == account:
		return view.Rights{Set: v.me.Rights, Own: true, Administrator: v.me.Administrator}, nil
	}
	one := account.String()
	me, err := v.fleet.GetMe(ctx, &client.GetMeParams{Reached: &one})
	if err != nil {
		return view.Rights{}, err
	}
	for _, a := range me.JSON200.Accounts {
		if a.Uid == account {
			r := view.Rights{Set: a.Rights}
			if a.Profile != nil {
				r.Profile = a.Profile.Name
			}
			return r, nil
		}
	}
	return view.Rights{}, nil
}

// names finds what the accounts and people of a history are called, as far as the
// reader may know.
func (v *visit) names(ctx context.Context, items []openapi.HistoryItem) view.Names {
	names := view.Names{Accounts: map[uuid.UUID]string{}, People: map[string]string{}}
	if v.me.Account != nil && v.me.AccountName != nil {
		names.Accounts[*v.me.Account] = *v.me.AccountName
	}
	if v.me.Person != nil {
		names.People[v.me.Person.Id.String()] = v.me.Person.Name
	}
	account := func(uid *uuid.UUID) {
		if uid == nil || *uid == uuid.Nil {
			return
		}
		if _, known := names.Accounts[*uid]; known {
			return
		}
		names.Accounts[*uid] = v.accountName(ctx, *uid)
	}
	for _, item := range items {
		account(item.Account)
		account(item.Actor.Account)
		if _, known := names.People[item.Actor.Id]; known || item.Actor.Kind != "user" || item.Actor.Account == nil {
			continue
		}
		names.People[item.Actor.Id] = ""
		if uid, err := uuid.Parse(item.Actor.Id); err == nil {
			if found, err := v.fleet.GetUser(ctx, *item.Actor.Account, uid, nil); err == nil {
				names.People[item.Actor.Id] = found.JSON200.Name
			}
		}
	}
	for _, item := range items {
		for _, change := range item.Changes {
			if change.Field != "account" && change.Field != "heldBy" {
				continue
			}
			for _, text := range []string{change.Before, change.After} {
				if uid, err := uuid.Parse(text); err == nil {
					account(&uid)
				}
			}
		}
	}
	return names
}

// retire asks before a device is retired.
func (d *Desk) retire(ctx context.Context, v *visit) error {
	found, err := v.fleet.GetDevice(ctx, v.r.PathValue("id"), nil)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, view.RetirePage(view.Device{
		Frame: v.frame("Retire "+found.JSON200.Name, "Devices"), Device: *found.JSON200, Tag: found.Header.Get("ETag"),
	}))
}

// changeDevice carries out a form of the device's page.
func (d *Desk) changeDevice(ctx context.Context, v *visit) error {
	id, form := v.r.PathValue("id"), v.r.PostForm
	match := given(form.Get("revision")) // an ETag, as the page was made from
	reason := given(form.Get("reason"))
	var err error
	switch form.Get("do") {
	case "edit":
		labels := append([]string{}, view.SplitLabels(form.Get("labels"))...)
		_, err = v.fleet.EditDevice(ctx, id, &client.EditDeviceParams{IfMatch: match}, client.EditDeviceJSONRequestBody{
			Name: given(form.Get("name")), Labels: &labels, Reason: reason,
		}, v.once())
	case "suspend":
		_, err = v.fleet.SuspendDevice(ctx, id, &client.SuspendDeviceParams{IfMatch: match}, client.SuspendDeviceJSONRequestBody{Reason: reason}, v.once())
	case "resume":
		_, err = v.fleet.ResumeDevice(ctx, id, &client.ResumeDeviceParams{IfMatch: match}, client.ResumeDeviceJSONRequestBody{Reason: reason}, v.once())
	case "retire":
		_, err = v.fleet.RetireDevice(ctx, id, &client.RetireDeviceParams{IfMatch: match}, client.RetireDeviceJSONRequestBody{Reason: reason}, v.once())
	case "reinstate":
		_, err = v.fleet.ReinstateDevice(ctx, id, &client.ReinstateDeviceParams{IfMatch: match}, client.ReinstateDeviceJSONRequestBody{Reason: reason}, v.once())
	default:
		return errNoPage
	}
	if p := refusal(err); p != nil {
		return d.showDevice(ctx, v, p)
	}
	if err != nil {
		return err
	}
	return v.to("/devices/" + id + "?done=saved")
}
