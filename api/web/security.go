package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// security is the reader's own: password, sessions, API tokens, calendars.
func (d *Desk) security(ctx context.Context, v *visit) error {
	return d.showSecurity(ctx, v, view.Security{})
}

func (d *Desk) showSecurity(ctx context.Context, v *visit, page view.Security) error {
	if v.me.Kind == "user" {
		factors, err := v.fleet.ListFactors(ctx, nil)
		if err != nil {
			return err
		}
		page.Factors.FactorList = *factors.JSON200
	}
	if valueOf(v.me.SecondFactorMissing) {
		page.Frame = v.frame(errorTitle("Security", page.Problem), "")
		return v.show(statusOf(page.Problem), view.SetUpFactorPage(page))
	}
	sessions, err := v.fleet.ListSessions(ctx, nil)
	if err != nil {
		return err
	}
	page.Sessions = sessions.JSON200.Items
	if v.me.Kind == "user" {
		tokens, err := v.fleet.ListTokens(ctx, nil)
		if err != nil {
			return err
		}
		page.Tokens = tokens.JSON200.Items
		if v.me.Account != nil {
			if profiles, err := v.fleet.ListProfiles(ctx, *v.me.Account, nil); err == nil {
				page.Profiles = profiles.JSON200.Items
			}
		}
		if err := v.calendars(ctx, &page); err != nil {
			return err
		}
	}
	page.Frame = v.frame(errorTitle("Security", page.Problem), "")
	return v.show(statusOf(page.Problem), view.SecurityPage(page))
}

// changeSecurity carries out a form of the page.
func (d *Desk) changeSecurity(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := view.Security{Section: form.Get("do"), Typed: form}
	if change, ok := factorActs[form.Get("do")]; ok {
		return d.changeFactors(ctx, v, page, change)
	}
	done := "ended"
	var err error
	switch form.Get("do") {
	case "self":
		done, err = v.editSelf(ctx, form)
	case "password":
		done = "password"
		if form.Get("password") != form.Get("again") {
			err = unreadable("passwords_differ", "#/password", "The new password was typed in two different ways.")
			break
		}
		_, err = v.fleet.ChangePassword(ctx, nil, client.ChangePasswordJSONRequestBody{Current: form.Get("current"), Password: form.Get("password")}, v.once())
	case "endSession":
		_, err = v.fleet.EndSession(ctx, form.Get("session"), nil)
	case "endOthers":
		_, err = v.fleet.EndSessions(ctx, &client.EndSessionsParams{Others: pointer(true)})
	case "endAll":
		if _, err = v.fleet.EndSessions(ctx, nil); err == nil {
			d.forget(v.w, v.r)
			return v.to("/sign-in?passed=out")
		}
	case "makeToken":
		var made *client.CreateTokenResponse
		days, bad := strconv.Atoi(form.Get("days"))
		if bad != nil {
			return errNoPage
		}
		made, err = v.fleet.CreateToken(ctx, nil, client.CreateTokenJSONRequestBody{
			Label: form.Get("label"), Profile: given(form.Get("profile")), ExpiresAt: d.Clock.Now().AddDate(0, 0, days).Truncate(time.Second),
		}, v.once())
		if err == nil { // shown this once, so there is no redirect
			page.Made = made.JSON201
			return d.showSecurity(ctx, v, page)
		}
	case "makeCalendar":
		page.Calendars.Made, err = v.makeCalendar(ctx, form)
		if err == nil { // shown this once, too
			page.Typed = nil
			return d.showSecurity(ctx, v, page)
		}
	case "revokeCalendar":
		calendar, bad := uuid.Parse(form.Get("calendar"))
		if bad != nil {
			return errNoPage
		}
		_, err = v.fleet.RevokeCalendar(ctx, calendar, nil, v.once())
	case "revokeToken":
		token, bad := uuid.Parse(form.Get("token"))
		if bad != nil {
			return errNoPage
		}
		_, err = v.fleet.RevokeToken(ctx, token, nil, v.once())
	default:
		return errNoPage
	}
	switch page.Problem = refusal(err); {
	case page.Problem != nil:
		return d.showSecurity(ctx, v, page)
	case err != nil:
		return err
	}
	return v.to("/security?done=" + done)
}

// editSelf changes the reader's own name and asks for another e-mail address; what is
// as it was is not sent. It gives what was done.
func (v *visit) editSelf(ctx context.Context, form url.Values) (done string, err error) {
	if v.me.Person == nil {
		return "", errNoPage
	}
	var edit client.EditMeJSONRequestBody
	if name := form.Get("name"); name != v.me.Person.Name {
		edit.Name = &name
	}
	if email := strings.TrimSpace(form.Get("email")); email != v.me.Person.Email {
		edit.Email = &email
	}
	if edit.Name == nil && edit.Email == nil {
		return "saved", nil
	}
	_, err = v.fleet.EditMe(ctx, nil, edit, v.once())
	if edit.Email != nil {
		return "asked", err
	}
	return "saved", err
}
