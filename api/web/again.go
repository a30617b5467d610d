package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// Some forms need a fresh sign-in. Where the interface says so, the page asks for it in
// the place of the form, with everything that was typed, and then the form is carried
// out as it was sent, under the same key.

// needsSignIn reports whether the interface has asked for a fresh sign-in.
func needsSignIn(err error) bool {
	p := problemOf(err)
	return p != nil && p.Code == "fresh_sign_in_required"
}

// askAgain shows what signs in once more; step is what is still missing, nil: all.
func (d *Desk) askAgain(v *visit, form url.Values, step *openapi.SecondStep, problem *client.Problem) error {
	form.Del("form")
	page := view.Again{
		Frame: v.frame(errorTitle("Sign in once more", problem), ""), Action: v.r.URL.RequestURI(), Form: form,
		Operator: v.me.Kind == "operator", Passkeys: d.Passkeys, Step: step, Problem: problem,
	}
	if d.Issuer {
		page.IssuerURL = d.issuerURL()
	}
	if step != nil {
		kept, err := json.Marshal(step)
		if err != nil {
			return err
		}
		page.Kept, page.Passkey = string(kept), d.passkeyForm("get")
		if step.Passkey != nil {
			options, err := json.Marshal(*step.Passkey)
			if err != nil {
				return err
			}
			page.Passkey.Options = string(options)
		}
	}
	return v.show(statusOf(problem), view.AgainPage(page))
}

// signInAgain signs in as a form asks that askAgain has shown, and makes the request the
// one that was sent first. It reports whether that goes on; else a page was shown.
func (d *Desk) signInAgain(ctx context.Context, v *visit) (goesOn bool, err error) {
	typed, form := v.r.PostForm, url.Values{}
	for name, values := range typed {
		if field, ok := strings.CutPrefix(name, view.AgainField); ok {
			form[field] = values
		}
	}
	if v.me.Kind == "operator" {
		err = d.operatorAgain(ctx, v, typed.Get("operatorToken"))
	} else {
		var shown bool
		if shown, err = d.personAgain(ctx, v, typed, form); shown {
			return false, err
		}
	}
	if err != nil {
		return false, d.notAgain(v, form, err)
	}
	v.r.PostForm, v.r.Form = form, v.r.URL.Query()
	for name, values := range form {
		v.r.Form[name] = append(values, v.r.Form[name]...)
	}
	return true, nil
}

// notAgain asks once more, with what stands against the answer. That the session is not
// known any more is another matter.
func (d *Desk) notAgain(v *visit, form url.Values, err error) error {
	p := problemOf(err)
	if p == nil || p.Status >= http.StatusInternalServerError || p.Code == "unauthenticated" && v.me.Kind != "operator" {
		return err
	}
	return d.askAgain(v, form, nil, p)
}

// personAgain is signInAgain for somebody with a password, a second factor or a passkey.
// It reports whether it has shown a page.
func (d *Desk) personAgain(ctx context.Context, v *visit, typed, form url.Values) (shown bool, err error) {
	body := client.SignInAgainJSONRequestBody{Password: given(typed.Get("password"))}
	var step openapi.SecondStep
	if kept := typed.Get("step"); kept != "" {
		if err := json.Unmarshal([]byte(kept), &step); err != nil {
			return false, errNoPage
		}
		body = client.SignInAgainJSONRequestBody{
			Challenge: &step.Challenge, Code: given(typed.Get("code")), RecoveryCode: given(typed.Get("recoveryCode")),
		}
		if answer := typed.Get("passkey"); answer != "" {
			if err := json.Unmarshal([]byte(answer), &body.Passkey); err != nil {
				return false, errNoPage
			}
		}
	}
	answer, err := v.fleet.SignInAgain(ctx, nil, body)
	switch p := problemOf(err); {
	case err == nil && answer.JSON202 != nil:
		return true, d.askAgain(v, form, answer.JSON202, nil)
	case p != nil && p.Code == "second_factor_wrong" && body.Passkey == nil: // a code can be typed again
		return true, d.askAgain(v, form, &step, p)
	}
	return false, err
}

// operatorAgain begins another session of the operator in place of this one.
func (d *Desk) operatorAgain(ctx context.Context, v *visit, token string) error {
	operator, err := d.api(v.r, token)
	if err != nil {
		return err
	}
	answer, err := operator.SignInAsOperator(ctx, nil)
	if err != nil {
		return err
	}
	_, _ = v.fleet.EndSession(ctx, "current", nil) // it ends by itself, too
	d.remember(v.w, v.r, answer.JSON201.Token, answer.JSON201.ExpiresAt)
	v.token = answer.JSON201.Token
	v.fleet, err = d.api(v.r, v.token)
	return err
}
