package web

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// factorAct is one thing that a form does to the reader's second factors. What it leaves
// in the page is shown this once; empty, the form leads on.
type factorAct func(ctx context.Context, d *Desk, v *visit, form url.Values, page *view.Factors) error

// factorActs are they, by the name of their button.
var factorActs = map[string]factorAct{
	"addFactor": func(ctx context.Context, d *Desk, v *visit, form url.Values, page *view.Factors) error {
		begun, err := v.fleet.AddFactor(ctx, nil, client.AddFactorJSONRequestBody{Kind: openapi.FactorKind(form.Get("kind")), Name: form.Get("name")}, v.once())
		if err != nil {
			return err
		}
		return d.begun(page, *begun.JSON201)
	},
	"confirmFactor": func(ctx context.Context, d *Desk, v *visit, form url.Values, page *view.Factors) error {
		var begun openapi.FactorBegun
		if err := json.Unmarshal([]byte(form.Get("begun")), &begun); err != nil {
			return errNoPage
		}
		body := client.ConfirmFactorJSONRequestBody{Code: given(form.Get("code"))}
		if answer := form.Get("passkey"); answer != "" {
			if err := json.Unmarshal([]byte(answer), &body.Passkey); err != nil {
				return errNoPage
			}
		}
		if _, err := v.fleet.ConfirmFactor(ctx, begun.Id, nil, body, v.once()); err != nil {
			if p := refusal(err); p != nil && begun.Secret != nil { // a code can be typed again
				_ = d.begun(page, begun)
			}
			return err
		}
		return v.firstCodes(ctx, page)
	},
	"removeFactor": func(ctx context.Context, _ *Desk, v *visit, form url.Values, _ *view.Factors) error {
		factor, bad := uuid.Parse(form.Get("factor"))
		if bad != nil {
			return errNoPage
		}
		_, err := v.fleet.RemoveFactor(ctx, factor, nil, v.once())
		return err
	},
	"recoveryCodes": func(ctx context.Context, _ *Desk, v *visit, _ url.Values, page *view.Factors) error {
		made, err := v.fleet.ReplaceRecoveryCodes(ctx, nil, v.once())
		if err == nil {
			page.Codes = made.JSON201.Codes
		}
		return err
	},
}

// begun shows a factor that is to be confirmed.
func (d *Desk) begun(page *view.Factors, begun openapi.FactorBegun) error {
	kept, err := json.Marshal(begun) //nolint:gosec // the page is its owner's
	if err != nil {
		return err
	}
	page.Begun, page.Kept = &begun, string(kept)
	if begun.Passkey == nil {
		page.QR, page.QRSize, err = qrPath(valueOf(begun.Uri))
		return err
	}
	options, err := json.Marshal(*begun.Passkey)
	page.Passkey = d.passkeyForm("create")
	page.Passkey.Options = string(options)
	return err
}

// firstCodes makes recovery codes with somebody's first factor: who loses it comes in
// with them.
func (v *visit) firstCodes(ctx context.Context, page *view.Factors) error {
	own, err := v.fleet.ListFactors(ctx, nil)
	if err != nil || own.JSON200.RecoveryCodesLeft > 0 {
		return err
	}
	made, err := v.fleet.ReplaceRecoveryCodes(ctx, nil) // the form's key is that of the confirmation
	if err == nil {
		page.Codes = made.JSON201.Codes
	}
	return err
}

// changeFactors carries out a form about second factors.
func (d *Desk) changeFactors(ctx context.Context, v *visit, page view.Security, change factorAct) error {
	err := change(ctx, d, v, v.r.PostForm, &page.Factors)
	page.Problem = refusal(err)
	switch {
	case page.Problem == nil && err != nil:
		return err
	case page.Problem == nil && page.Factors.Begun == nil && page.Factors.Codes == nil:
		return v.to("/security?done=saved")
	}
	if valueOf(v.me.SecondFactorMissing) && page.Factors.Codes != nil { // it is there now
		nobody := "none"
		me, err := v.fleet.GetMe(ctx, &client.GetMeParams{Reached: &nobody})
		if err != nil {
			return err
		}
		v.me = *me.JSON200
	}
	return d.showSecurity(ctx, v, page)
}
