package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// mostCarried bounds a checked file that its page carries on to the registration; a
// larger one is chosen again.
const mostCarried = 512 << 10 // bytes

// register asks for one device, or a file of them.
func (d *Desk) register(_ context.Context, v *visit) error {
	return d.showRegister(v, view.Register{AccountText: v.query.Get("account")})
}

func (d *Desk) showRegister(v *visit, page view.Register) error {
	page.Frame = v.frame(errorTitle("Register devices", page.Problem), "Register")
	return v.show(statusOf(page.Problem), view.RegisterPage(page))
}

// registerOne registers the device of the form, or only checks it.
func (d *Desk) registerOne(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := view.Register{
		Serial: form.Get("serialNumber"), Factor: form.Get("factor"), AccountText: form.Get("account"), Offer: form.Get("offer"),
		Name: form.Get("name"), Labels: form.Get("labels"), OrderNumber: form.Get("orderNumber"),
	}
	item := openapi.Registration{
		SerialNumber: page.Serial, Name: given(page.Name), Offer: given(page.Offer), OrderNumber: given(page.OrderNumber),
	}
	setFactor(&item, page.Factor)
	if labels := view.SplitLabels(page.Labels); len(labels) > 0 {
		item.Labels = &labels
	}
	if page.AccountText != "" {
		uid, problem, err := v.accountNamed(ctx, page.AccountText)
		if err != nil {
			return err
		}
		if page.Problem = problem; problem != nil {
			return d.showRegister(v, page)
		}
		item.Account = pointer(uid.String())
	}
	dryRun := form.Get("do") == "check"
	done, err := v.fleet.RegisterDevices(ctx, &client.RegisterDevicesParams{DryRun: &dryRun}, client.RegisterDevicesJSONRequestBody{
		Items: []openapi.Registration{item},
	}, v.once())
	if page.Problem = refusal(err); page.Problem != nil {
		return d.showRegister(v, page)
	}
	if err != nil {
		return err
	}
	page.Bulk, page.Single = done.JSON200, true
	return d.showRegister(v, page)
}

// setFactor takes the second number of a label for what its form says it is.
func setFactor(item *openapi.Registration, factor string) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" :-.", r) {
			return -1
		}
		return r
	}, factor)
	switch {
	case len(digits) == 15 && strings.Trim(digits, "0123456789") == "":
		item.Imei = &digits
	case len(digits) == 12:
		item.Mac = &factor
	default:
		item.Esn = given(factor)
	}
}

// filePage is where files are sent to: the one page that takes large forms.
const filePage = "POST /register/file"

// registerFile checks a file, or registers its devices as an operation.
func (d *Desk) registerFile(ctx context.Context, v *visit) error {
	page := view.Register{FileName: v.r.PostFormValue("fileName"), CSV: v.r.PostFormValue("csv")}
	var file io.Reader = strings.NewReader(page.CSV)
	size := int64(len(page.CSV))
	if page.CSV == "" {
		sent, header, err := v.r.FormFile("file")
		if err != nil || header.Size == 0 {
			page.Problem = &client.Problem{}
			page.Problem.Status, page.Problem.Code, page.Problem.Detail = http.StatusUnprocessableEntity, "file_missing", "Choose a CSV file first."
			return d.showRegister(v, page)
		}
		defer func() { _ = sent.Close() }()
		page.FileName, file, size = header.Filename, sent, header.Size
		if size <= mostCarried {
			content, err := io.ReadAll(sent)
			if err != nil {
				return err
			}
			page.CSV, file = string(content), bytes.NewReader(content)
		}
	}
	dryRun := v.r.PostFormValue("do") == "check"
	params := &client.RegisterDevicesParams{DryRun: &dryRun}
	if !dryRun {
		params.Prefer = pointer("respond-async")
	}
	done, err := v.fleet.RegisterDevicesWithBody(ctx, params, "text/csv", file, v.once(), ofSize(size))
	if page.Problem = refusal(err); page.Problem != nil {
		return d.showRegister(v, page)
	}
	if err != nil {
		return err
	}
	if done.JSON202 != nil {
		return v.to("/operations/" + done.JSON202.Id.String())
	}
	page.Bulk = done.JSON200
	return d.showRegister(v, page)
}

// ofSize announces how large a body is that is not read yet.
func ofSize(size int64) client.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.ContentLength = size
		return nil
	}
}

// operation shows how far long work is, and what became of each item.
func (d *Desk) operation(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	found, err := v.fleet.GetOperation(ctx, id, nil)
	if err != nil {
		return err
	}
	results, err := v.fleet.GetOperationResults(ctx, id, &client.GetOperationResultsParams{
		Limit: pointer(rows), Cursor: given(v.query.Get("cursor")), Outcome: either[openapi.Outcome](v.query, "outcome"),
	})
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, view.OperationPage(view.Operation{
		Frame: v.frame("Operation", "Register"), Operation: *found.JSON200, Results: *results.JSON200, From: v.from(), Now: d.Clock.Now(),
	}))
}
