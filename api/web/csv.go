package web

import (
	"context"
	"io"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// asCSV asks the interface for CSV.
func asCSV(_ context.Context, r *http.Request) error {
	r.Header.Set("Accept", "text/csv")
	return nil
}

// download passes on a file of the interface.
func (v *visit) download(ask func() (*http.Response, error)) error {
	answer, err := ask()
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		if value := answer.Header.Get(name); value != "" {
			v.w.Header().Set(name, value)
		}
	}
	_, _ = io.Copy(v.w, answer.Body) // the reader may be gone
	return nil
}

// customersCSV is what the Customers page shows, all rows of it.
func (d *Desk) customersCSV(ctx context.Context, v *visit) error {
	sort := v.sort("initialRenewal")
	return v.download(func() (*http.Response, error) {
		return v.fleet.Raw.ListCustomers(ctx, &client.ListCustomersParams{
			Search: given(v.query.Get("search")), Sort: &sort, AsOf: v.asOfParam(), Status: either[openapi.AccountStatus](v.query, "status"),
		}, asCSV)
	})
}

// devicesCSV is what the page of devices shows, all rows of it.
func (d *Desk) devicesCSV(ctx context.Context, v *visit) error {
	sort := v.sort("serviceEnd")
	params := v.deviceFilter(&sort)
	params.Cursor, params.Limit = nil, nil
	return v.download(func() (*http.Response, error) {
		return v.fleet.Raw.ListDevices(ctx, params, asCSV)
	})
}

// operationCSV is what became of each item of an operation.
func (d *Desk) operationCSV(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	return v.download(func() (*http.Response, error) {
		return v.fleet.Raw.GetOperationResults(ctx, id, &client.GetOperationResultsParams{Outcome: either[openapi.Outcome](v.query, "outcome")}, asCSV)
	})
}

// proof is the proof that an event is in the log, as a file.
func (d *Desk) proof(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+id.String()+`.tlog-proof"`)
	return v.download(func() (*http.Response, error) {
		return v.fleet.Raw.GetEventProof(ctx, id, &client.GetEventProofParams{})
	})
}

// exampleCSV is a file of devices to begin with: the vendor's headers, and the
// invented numbers of a device.
func (d *Desk) exampleCSV(_ context.Context, v *visit) error {
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="devices.csv"`)
	_, _ = io.WriteString(v.w, "TARGET_COMPANY,GATEWAY[SERIAL NUMBER],GATEWAY[IMEI],NAME,LABELS\r\n,LD72997819284879,004491972154667,engine-1,north|vehicle\r\n")
	return nil
}
