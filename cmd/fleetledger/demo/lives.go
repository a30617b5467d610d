package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// lives is what happens to devices besides transfers and renewals, and the models.
func (r *run) lives() []step {
	return []step{
		r.reseller(350, func(ctx context.Context, desk *client.Client) error {
			return r.register(ctx, desk, "Harbour Transit", "retired")
		}),
		r.reseller(240, func(ctx context.Context, desk *client.Client) error {
			return r.register(ctx, desk, "Delta Rail", "sim")
		}),
		r.customer(160, "Beacon Ports", func(ctx context.Context, by *client.Client) error { return r.register(ctx, by, "Beacon Ports", "own") }),
		r.reseller(29, r.upload),
		r.customer(120, "Harbour Transit", func(ctx context.Context, by *client.Client) error {
			for _, serial := range r.serials("retired", 0, 1) {
				if _, err := by.RetireDevice(ctx, serial, nil, client.Reason{Reason: new("bus scrapped")}); err != nil {
					return err
				}
			}
			return nil
		}),
		r.customer(110, "Harbour Transit", func(ctx context.Context, by *client.Client) error {
			return failed(by.ReinstateDevice(ctx, r.serials("retired", 0)[0], nil, client.Reinstatement{Reason: new("the wrong bus")}))
		}),
		r.customer(21, "Harbour Transit", func(ctx context.Context, by *client.Client) error {
			return failed(by.RetireDevice(ctx, r.serials("retired", 2)[0], nil, client.Reason{Reason: new("line closed")}))
		}),
		r.customer(105, "Redwood Freight", func(ctx context.Context, by *client.Client) error {
			return failed(by.RetireDevice(ctx, r.some("Redwood Freight", 1, 250, 150)[0], nil, client.Reason{Reason: new("lorry burnt out")}))
		}),
		r.suspends(90, "Falcon Coaches", 3, "season is over"),
		r.suspends(45, "Prairie Fire", 6, "engines in the winter depot"),
		r.customer(20, "Prairie Fire", func(ctx context.Context, by *client.Client) error {
			for _, serial := range r.some("Prairie Fire", 2, months, 60) {
				if _, err := by.ResumeDevice(ctx, serial, nil, client.Reason{Reason: new("back in service")}); err != nil {
					return err
				}
			}
			return nil
		}),
		r.user(33, ivy, func(ctx context.Context, by *client.Client) error {
			for i, serial := range r.some("Prairie Fire", 4, 300, 100) {
				edit := client.DeviceEdit{Name: new(fmt.Sprintf("Mutual aid %d", i+1)), Labels: new([]string{"mutual aid", "south station"})}
				if _, err := by.EditDevice(ctx, serial, nil, edit); err != nil {
					return err
				}
			}
			return nil
		}),
		r.customer(101, "Delta Rail", func(ctx context.Context, by *client.Client) error {
			_, err := by.EditDevice(ctx, r.serials("sim", 0)[0], nil, client.DeviceEdit{Iccid: new("8949100000000000999"), Reason: new("SIM replaced")})
			if err == nil {
				_, err = by.EditDevice(ctx, r.serials("sim", 1)[0], nil, client.DeviceEdit{Iccid: new(""), Reason: new("SIM taken out")})
			}
			return err
		}),
		r.vendor(85, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.EditDevice(ctx, r.serials("own", 0)[0], nil, client.DeviceEdit{Offer: new(client.Basic), Reason: new("asked for by the customer")}))
		}),
		r.vendor(70, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.PutModel(ctx, "RX80", nil, client.ModelDefinition{
				SerialPattern: "^LK[0-9]{14}$", Offers: []client.Offer{client.Complete, client.Premium}, DefaultOffer: client.Complete, IncludedMonths: 12,
				Reason: new("on sale from next month"),
			}))
		}),
		r.vendor(48, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.PutModel(ctx, "LX60", nil, client.ModelDefinition{
				SerialPattern: "^LF[0-9]{14}$", Offers: []client.Offer{client.Basic, client.Complete}, DefaultOffer: client.Complete, IncludedMonths: 24,
				Reason: new("two included years, as announced"),
			}))
		}),
		r.vendor(0, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.WithdrawModel(ctx, "GX450", &client.WithdrawModelParams{Reason: new("end of life")}))
		}),
	}
}

func (r *run) suspends(day int, customer string, n int, reason string) step {
	return r.customer(day, customer, func(ctx context.Context, by *client.Client) error {
		for _, serial := range r.some(customer, n, months, 60) {
			if _, err := by.SuspendDevice(ctx, serial, nil, client.Reason{Reason: &reason}); err != nil {
				return err
			}
		}
		return nil
	})
}

// upload is a list with mistakes, as a job in the background.
func (r *run) upload(ctx context.Context, desk *client.Client) error {
	uid := r.uid("Alder Ambulance").String()
	list := client.RegistrationRequest{Items: []client.Registration{
		{Ref: new("row 1"), Account: &uid, SerialNumber: "LC00000000000001", Imei: new("004400000000009")},
		{Ref: new("row 2"), Account: &uid, SerialNumber: "LC12", Imei: new("004411111111115")},
		{Ref: new("row 3"), Account: &uid, SerialNumber: r.some("Alder Ambulance", 1, months, 60)[0], Imei: new("004422222222221")},
	}}
	for _, device := range r.groups["new-model"] {
		device.Account = &uid
		list.Items = append(list.Items, device)
	}
	accepted, err := desk.RegisterDevices(ctx, &client.RegisterDevicesParams{Prefer: new("respond-async")}, list)
	if err != nil {
		return err
	}
	return r.wait(ctx, desk, accepted.JSON202.Id)
}

// wait returns when an operation has ended.
func (r *run) wait(ctx context.Context, by *client.Client, operation uuid.UUID) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		o, err := by.GetOperation(ctx, operation, nil)
		if err != nil || o.JSON200.State == "done" {
			return err
		}
		if o.JSON200.State == "failed" {
			return fmt.Errorf("operation %s failed", operation)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
