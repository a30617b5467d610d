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
		NoTLS: d.secure(v.r) && !d.encrypted(v.r), Passkeys: d.Passkeys, IssuerURL: d.issuerURL(),
	}))
}

// signIn begins a session and keeps it in the browser.
func (d *Desk) signIn(ctx context.Context, v *visit) error {
	form := view.SignIn{Next: ownPath(v.r.PostFormValue("next")), Email: v.r.PostFormValue("email"), Auditor: v.r.PostFormValue("auditToken") != ""}
	signedIn, step, err := d.begin(ctx, v)
	switch {
	case err != nil:
		return d.notSignedIn(v, form, err)
	case step != nil:
		return d.askFactor(v, *step, form.Next, nil)
	}
	d.remember(v.w, v.r, signedIn.Token, signedIn.ExpiresAt)
	return v.to(form.Next)
}

// notSignedIn shows the form again, with what stands against it.
func (d *Desk) notSignedIn(v *visit, form view.SignIn, err error) error {
	if form.Problem = problemOf(err); form.Problem == nil || form.Problem.Status >= http.StatusInternalServerError {
		return err
	}
	form.Frame, form.Issuer, form.IssuerURL, form.Passkeys = v.frame("Error: Sign in", ""), d.Issuer, d.issuerURL(), d.Passkeys
	return v.show(form.Problem.Status, view.SignInPage(form))
}

// issuerURL is where one begins to sign in at the issuer: at the public URL, for the
// browser comes back there, and brings along only what it was given there.
func (d *Desk) issuerURL() string { return d.PublicURL + "/v1/sessions/oidc" }

// begin begins a session, or gives what is still missing for one.
func (d *Desk) begin(ctx context.Context, v *visit) (*client.SignedIn, *client.SecondStep, error) {
	if token := v.r.PostFormValue("auditToken"); token != "" {
		auditor, err := d.api(v.r, token)
		if err != nil {
			return nil, nil, err
		}
		answer, err := auditor.SignInAsAuditor(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return answer.JSON201, nil, nil
	}
	if token := v.r.PostFormValue("operatorToken"); token != "" {
		operator, err := d.api(v.r, token)
		if err != nil {
			return nil, nil, err
		}
		answer, err := operator.SignInAsOperator(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return answer.JSON201, nil, nil
	}
	answer, err := v.fleet.SignIn(ctx, client.SignInJSONRequestBody{Email: v.r.PostFormValue("email"), Password: v.r.PostFormValue("password")})
	if err != nil {
		return nil, nil, err
	}
	return answer.JSON201, answer.JSON202, nil
}

// signOut ends the session, here and in the browser.
func (d *Desk) signOut(ctx context.Context, v *visit) error {
	if _, err := v.fleet.EndSession(ctx, "current", nil); err != nil && !signedOut(err) {
		return err
	}
	d.forget(v.w, v.r)
	return v.to("/sign-in?passed=out")
}

// fromIssuer ends an attempt to sign in at the issuer, which sends the browser back
// here, and keeps the session in the browser.
func (d *Desk) fromIssuer(ctx context.Context, v *visit) error {
	v.secretLink()
	params := &client.SignInAtIssuerParams{Code: given(v.query.Get("code")), State: given(v.query.Get("state"))}
	if attempt, err := v.r.Cookie("fleetledger_oidc"); err == nil {
		params.FleetledgerOidc = &attempt.Value
	}
	answer, err := v.fleet.SignInAtIssuer(ctx, params)
	if err != nil {
		return d.notSignedIn(v, view.SignIn{Next: "/"}, err)
	}
	for _, cookie := range answer.Header.Values("Set-Cookie") {
		v.w.Header().Add("Set-Cookie", cookie)
	}
	if answer.JSON202 != nil {
		return d.askFactor(v, *answer.JSON202, "/", nil)
	}
	d.remember(v.w, v.r, answer.JSON200.Token, answer.JSON200.ExpiresAt)
	return v.to("/")
}
