package web

import (
	"context"
	"net/http"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// showSignIn asks who is there; whoever has signed in goes on.
func (d *Desk) showSignIn(_ context.Context, v *visit) error {
	return v.show(http.StatusOK, view.SignInPage(view.SignIn{
		Frame: v.frame("Sign in", ""), Next: ownPath(v.query.Get("next")), Issuer: d.Issuer, Passed: v.query.Get("passed"),
	}))
}

// signIn begins a session and keeps it in the browser.
func (d *Desk) signIn(ctx context.Context, v *visit) error {
	form := view.SignIn{Next: ownPath(v.r.PostFormValue("next")), Email: v.r.PostFormValue("email"), Issuer: d.Issuer}
	signedIn, err := d.begin(ctx, v)
	if err == nil {
		d.remember(v.w, v.r, signedIn.Token, signedIn.ExpiresAt)
		return v.to(form.Next)
	}
	if form.Problem = problemOf(err); form.Problem == nil || form.Problem.Status >= http.StatusInternalServerError {
		return err
	}
	form.Frame = v.frame("Error: Sign in", "")
	return v.show(form.Problem.Status, view.SignInPage(form))
}

func (d *Desk) begin(ctx context.Context, v *visit) (*client.SignedIn, error) {
	if token := v.r.PostFormValue("operatorToken"); token != "" {
		operator, err := d.api(v.r, token)
		if err != nil {
			return nil, err
		}
		answer, err := operator.SignInAsOperator(ctx, nil)
		if err != nil {
			return nil, err
		}
		return answer.JSON201, nil
	}
	answer, err := v.fleet.SignIn(ctx, client.SignInJSONRequestBody{Email: v.r.PostFormValue("email"), Password: v.r.PostFormValue("password")})
	if err != nil {
		return nil, err
	}
	return answer.JSON201, nil
}

// signOut ends the session, here and in the browser.
func (d *Desk) signOut(ctx context.Context, v *visit) error {
	if _, err := v.fleet.EndSession(ctx, "current", nil); err != nil && !signedOut(err) {
		return err
	}
	d.forget(v.w, v.r)
	return v.to("/sign-in?passed=out")
}
