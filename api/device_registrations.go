package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/fleetcsv"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) RegisterDevices(ctx context.Context, r openapi.RegisterDevicesRequestObject) (openapi.RegisterDevicesResponseObject, error) {
	c := devices.Register{Atomic: valueOf(r.Params.Atomic)}
	if r.JSONBody != nil {
		c.Command = commandOf(ctx, r.JSONBody.Reason)
		c.Items = list(r.JSONBody.Items, registration)
	} else {
		c.Command = commandOf(ctx, nil)
		var err error
		if c.Items, err = readFleet(callOf(ctx).body); err != nil {
			return nil, err
		}
	}
	if asOperation(len(c.Items), r.Params.Prefer) {
		accepted, err := h.submit(ctx, operations.Submission{Command: c.Command, Kind: ports.OperationRegistration, Registrations: c})
		if err != nil {
			return nil, err
		}
		return openapi.RegisterDevices202JSONResponse{AcceptedJSONResponse: accepted}, nil
	}
	result, err := h.App.Devices.Register(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.RegisterDevices200JSONResponse{
		Body:    h.bulkResult(result, domain.OutcomeCreated, c.DryRun),
		Headers: openapi.RegisterDevices200ResponseHeaders{XPosition: result.Position.String()},
	}, nil
}

func registration(r openapi.Registration) devices.Registration {
	to := devices.Registration{
		Ref: valueOf(r.Ref), SerialNumber: r.SerialNumber,
		IMEI: valueOf(r.Imei), MAC: valueOf(r.Mac), ESN: valueOf(r.Esn),
		Model: valueOf(r.Model), Name: valueOf(r.Name), Labels: valueOf(r.Labels),
		Offer: catalogue.Offer(valueOf(r.Offer)), ICCID: valueOf(r.Iccid), OrderNumber: valueOf(r.OrderNumber),
	}
	switch target := valueOf(r.Account); {
	case target == "":
	case uuidPattern.MatchString(target):
		to.Account = uuid.MustParse(target)
	}
	if valueOf(r.Account) != "" && to.Account == uuid.Nil {
		to.Problems = []domain.Problem{device.TargetUnknown()}
	}
	return to
}

// readFleet reads the vendor's CSV.
func readFleet(body []byte) ([]devices.Registration, error) {
	rows, err := fleetcsv.NewReader(bytes.NewReader(body))
	var items []devices.Registration
	for err == nil {
		var item devices.Registration
		if item, err = rows.Next(); err == nil {
			items = append(items, item)
		}
		if len(items) > maxItems {
			return nil, malformed("", codeTooManyItems, fmt.Sprintf("The file has more than %d rows. Send it in parts.", maxItems))
		}
	}
	if refused, ok := errors.AsType[*fleetcsv.FileError](err); ok {
		return nil, badRequest(refused.Problems)
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return items, nil
}
