package web

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// askFactor shows the second step of a sign-in. What it asks goes along in the form:
// nobody is known yet who could have it kept.
func (d *Desk) askFactor(v *visit, step openapi.SecondStep, next string, problem *client.Problem) error {
	kept, err := json.Marshal(step)
	if err != nil {
		return err
	}
	page := view.SecondStep{
		Frame: v.frame(errorTitle("Sign in", problem), ""), Next: next, Step: step, Kept: string(kept), Problem: problem, Passkey: d.passkeyForm("get"),
	}
	if step.Passkey != nil {
		options, err := json.Marshal(*step.Passkey)
		if err != nil {
			return err
		}
		page.Passkey.Options = string(options)
	}
	return v.show(statusOf(problem), view.SecondStepPage(page))
}

// passkeyForm is what a form needs that asks the browser for a passkey.
func (d *Desk) passkeyForm(does string) view.PasskeyForm {
	return view.PasskeyForm{Does: does, Origin: d.PublicURL, Script: d.assets.url("passkey.js")}
}

// startPasskey begins to sign in with a passkey alone.
func (d *Desk) startPasskey(ctx context.Context, v *visit) error {
	next := ownPath(v.r.PostFormValue("next"))
	answer, err := v.fleet.SignInWithPasskey(ctx)
	if err != nil {
		return d.notSignedIn(v, view.SignIn{Next: next}, err)
	}
	return d.askFactor(v, *answer.JSON202, next, nil)
}

// answerStep ends a sign-in. What was a code can be typed again; a passkey is asked once.
func (d *Desk) answerStep(ctx context.Context, v *visit) error {
	next := ownPath(v.r.PostFormValue("next"))
	var step openapi.SecondStep
	if err := json.Unmarshal([]byte(v.r.PostFormValue("step")), &step); err != nil {
		return errNoPage
	}
	body := client.AnswerSecondStepJSONRequestBody{
		Challenge: step.Challenge, Code: given(v.r.PostFormValue("code")), RecoveryCode: given(v.r.PostFormValue("recoveryCode")),
	}
	if answer := v.r.PostFormValue("passkey"); answer != "" {
		if err := json.Unmarshal([]byte(answer), &body.Passkey); err != nil {
			return errNoPage
		}
	}
	answer, err := v.fleet.AnswerSecondStep(ctx, body)
	if err == nil {
		d.remember(v.w, v.r, answer.JSON201.Token, answer.JSON201.ExpiresAt)
		return v.to(next)
	}
	if p := problemOf(err); p != nil && p.Status < http.StatusInternalServerError && p.Code != "challenge_unknown" && body.Passkey == nil {
		return d.askFactor(v, step, next, p)
	}
	return d.notSignedIn(v, view.SignIn{Next: next}, err)
}
