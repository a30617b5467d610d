package web

import (
	"context"
	"net/http"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// secretLink keeps the address of a page that carries a token to this page alone.
func (v *visit) secretLink() { v.w.Header().Set("Referrer-Policy", "no-referrer") }

// showActivation says what an invitation is for, and asks for a password.
func (d *Desk) showActivation(ctx context.Context, v *visit) error {
	v.secretLink()
	return d.activation(ctx, v, view.Activation{})
}

func (d *Desk) activation(ctx context.Context, v *visit, page view.Activation) error {
	page.Token = v.r.PathValue("token")
	found, err := v.fleet.GetActivation(ctx, page.Token)
	problem := problemOf(err)
	switch {
	case problem != nil && problem.Status == http.StatusNotFound, err == nil && found.JSON200.Status == client.AccountStatusActive: // used
		page.Frame = v.frame("This link does not work any more", "")
		return v.show(http.StatusNotFound, view.DeadLinkPage(page.Frame))
	case err != nil:
		return err
	}
	page.Invitation = *found.JSON200
	if page.Problem == nil {
		page.Name = page.Invitation.Person.Name
	}
	page.Now = d.Clock.Now()
	page.Frame = v.frame(errorTitle("Activate "+page.Invitation.Account.Name, page.Problem), "")
	return v.show(statusOf(page.Problem), view.ActivationPage(page))
}

// activate accepts an invitation; whoever did signs in next.
func (d *Desk) activate(ctx context.Context, v *visit) error {
	v.secretLink()
	page := view.Activation{Name: v.r.PostFormValue("name")}
	_, err := v.fleet.ActivateAccount(ctx, v.r.PathValue("token"), client.ActivateAccountJSONRequestBody{
		Name: given(page.Name), Password: v.r.PostFormValue("password"),
	})
	if err == nil {
		return v.to("/sign-in?passed=activated")
	}
	if page.Problem = refusal(err); page.Problem != nil {
		return d.activation(ctx, v, page)
	}
	return err
}

// forgotten asks where to send a mail to choose a new password with.
func (d *Desk) forgotten(_ context.Context, v *visit) error {
	return v.show(http.StatusOK, view.ForgottenPage(view.Forgotten{Frame: v.frame("Forgotten password", "")}))
}

// requestReset has that mail sent, and answers the same whoever has the address.
func (d *Desk) requestReset(ctx context.Context, v *visit) error {
	page := view.Forgotten{Email: v.r.PostFormValue("email"), Sent: true}
	_, err := v.fleet.RequestPasswordReset(ctx, client.RequestPasswordResetJSONRequestBody{Email: page.Email})
	if page.Problem = problemOf(err); page.Problem == nil && err != nil {
		return err
	}
	page.Sent = page.Problem == nil
	page.Frame = v.frame(errorTitle("Forgotten password", page.Problem), "")
	return v.show(statusOf(page.Problem), view.ForgottenPage(page))
}

// showReset asks for the new password.
func (d *Desk) showReset(ctx context.Context, v *visit) error {
	v.secretLink()
	return d.reset(ctx, v, view.Reset{})
}

func (d *Desk) reset(ctx context.Context, v *visit, page view.Reset) error {
	page.Token = v.r.PathValue("token")
	found, err := v.fleet.GetPasswordReset(ctx, page.Token)
	if problem := problemOf(err); problem != nil && problem.Status == http.StatusNotFound {
		return v.show(http.StatusNotFound, view.DeadLinkPage(v.frame("This link does not work any more", "")))
	}
	if err != nil {
		return err
	}
	page.Found = *found.JSON200
	page.Frame = v.frame(errorTitle("Choose a new password", page.Problem), "")
	return v.show(statusOf(page.Problem), view.ResetPage(page))
}

// resetPassword chooses the new password; all sessions end.
func (d *Desk) resetPassword(ctx context.Context, v *visit) error {
	v.secretLink()
	_, err := v.fleet.ResetPassword(ctx, v.r.PathValue("token"), client.ResetPasswordJSONRequestBody{Password: v.r.PostFormValue("password")})
	if err == nil {
		return v.to("/sign-in?passed=reset")
	}
	if problem := refusal(err); problem != nil {
		return d.reset(ctx, v, view.Reset{Problem: problem})
	}
	return err
}

// showConfirmation shows which e-mail address a mailed link confirms.
func (d *Desk) showConfirmation(ctx context.Context, v *visit) error {
	v.secretLink()
	return d.confirmation(ctx, v, nil)
}

func (d *Desk) confirmation(ctx context.Context, v *visit, refused *client.Problem) error {
	page := view.Confirmation{Token: v.r.PathValue("token"), Problem: refused}
	found, err := v.fleet.GetEmailConfirmation(ctx, page.Token)
	if problem := problemOf(err); problem != nil && problem.Status == http.StatusNotFound {
		return v.show(http.StatusNotFound, view.DeadLinkPage(v.frame("This link does not work any more", "")))
	}
	if err != nil {
		return err
	}
	page.Found = *found.JSON200
	page.Frame = v.frame(errorTitle("Confirm your e-mail address", refused), "")
	return v.show(statusOf(refused), view.ConfirmationPage(page))
}

// confirmEmail confirms the address; the reader's sessions go on.
func (d *Desk) confirmEmail(ctx context.Context, v *visit) error {
	v.secretLink()
	_, err := v.fleet.ConfirmEmail(ctx, v.r.PathValue("token"), nil)
	switch problem := problemOf(err); {
	case err == nil && v.token != "":
		return v.to("/security?done=confirmed")
	case err == nil:
		return v.to("/sign-in?passed=confirmed")
	case problem != nil && problem.Status == http.StatusNotFound:
		return d.confirmation(ctx, v, nil)
	case refusal(err) != nil:
		return d.confirmation(ctx, v, refusal(err))
	}
	return err
}
