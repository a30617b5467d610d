package demo

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// transfers is stock that is bought, sold, taken back and refused.
func (r *run) transfers() []step {
	const fire, doctors = "Prairie Fire", "Ärzte-Fahrdienst"
	move := func(day int, email, from, to, reason string, serials ...string) step {
		return r.user(day, email, func(ctx context.Context, by *client.Client) error {
			return failed(r.transfer(ctx, by, from, to, reason, serials))
		})
	}
	refused := func(day int, email, from, to, reason string, serials ...string) step {
		return r.user(day, email, func(ctx context.Context, by *client.Client) error {
			moved, err := by.TransferDevices(ctx, nil, r.request(from, to, reason, serials))
			if err == nil && moved.JSON201.Summary.Refused == 0 {
				err = errors.New("a transfer was meant to be refused")
			}
			return err
		})
	}
	return []step{
		r.reseller(182, func(ctx context.Context, desk *client.Client) error { return r.register(ctx, desk, Reseller, "stock") }),
		move(150, birte, second, doctors, "sold", r.serials("nordlicht", 0, 1)...),
		r.user(62, dev, func(ctx context.Context, by *client.Client) error {
			return r.planned(ctx, by, Reseller, fire, "order 4711", r.serials("stock", 0, 1, 2, 3, 4, 5, 6, 7))
		}),
		r.customer(59, fire, func(ctx context.Context, by *client.Client) error {
			return failed(r.transfer(ctx, by, fire, Reseller, "defective on arrival", r.serials("stock", 7)))
		}),
		r.user(57, dev, func(ctx context.Context, by *client.Client) error {
			id, err := r.transfer(ctx, by, Reseller, "Beacon Ports", "order 4720", r.serials("stock", 8, 9))
			if err == nil {
				_, err = by.ReverseTransfer(ctx, id, nil, client.TransferReversalRequest{Reason: "sent to the wrong customer"})
			}
			return err
		}),
		refused(31, grace, Reseller, "Delta Rail", "demo units sold", r.serials("founding", 0, 1)...),
		r.vendor(28, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.GrantAllocation(ctx, nil, client.AllocationRequest{
				Device: r.serials("founding", 0)[0], Term: new("P1Y"), Reason: new("goodwill for a demo unit"),
			}))
		}),
		move(27, grace, Reseller, "Delta Rail", "demo unit sold, with its grant", r.serials("founding", 0)...),
		refused(25, grace, "Delta Rail", Reseller, "to be repaired", r.serials("sim", 0)...),
		refused(23, dev, Reseller, "Café Montréal Transit", "part of order 4788", append(r.serials("stock", 10), r.serials("founding", 2)...)...),
		move(19, dev, fire, Reseller, "lent for a trade fair", r.serials("stock", 0, 1)...),
		r.reseller(16, func(ctx context.Context, desk *client.Client) error {
			return r.register(ctx, desk, Reseller, "restock")
		}),
		r.user(8, dev, func(ctx context.Context, by *client.Client) error {
			id, err := r.transfer(ctx, by, Reseller, fire, "order 4801", r.serials("stock", 11, 12))
			if err == nil {
				_, err = by.ReverseTransfer(ctx, id, nil, client.TransferReversalRequest{
					Devices: new(r.serials("stock", 12)), Reason: "one too many",
				})
			}
			return err
		}),
		r.user(0, dev, func(ctx context.Context, by *client.Client) error {
			return failed(by.PlanTransfer(ctx, nil, client.TransferPlanRequest{
				From: r.uid(Reseller), To: r.uid("Redwood Freight"), Reason: new("order 4820"),
				Devices: append(r.serials("restock", 0, 1, 2), r.serials("founding", 1)...),
			}))
		}),
	}
}

func (r *run) request(from, to, reason string, serials []string) client.TransferRequest {
	return client.TransferRequest{From: new(r.uid(from)), To: new(r.uid(to)), Devices: &serials, Reason: &reason}
}

// transfer moves devices, all of them, and gives its id.
func (r *run) transfer(ctx context.Context, by *client.Client, from, to, reason string, serials []string) (uuid.UUID, error) {
	moved, err := by.TransferDevices(ctx, nil, r.request(from, to, reason, serials))
	if err != nil {
		return uuid.Nil, err
	}
	return *moved.JSON201.Id, refusals(moved.JSON201)
}

// planned plans first, and commits the plan.
func (r *run) planned(ctx context.Context, by *client.Client, from, to, reason string, serials []string) error {
	plan, err := by.PlanTransfer(ctx, nil, client.TransferPlanRequest{From: r.uid(from), To: r.uid(to), Devices: serials, Reason: &reason})
	if err != nil {
		return err
	}
	moved, err := by.TransferDevices(ctx, nil, client.TransferRequest{PlanId: &plan.JSON201.Id})
	if err != nil {
		return err
	}
	return refusals(moved.JSON201)
}

// releases is devices that somebody wants to register whom they do not belong to.
func (r *run) releases() []step {
	asks := func(day int, customer string, device func() client.Registration, reason string, then func(context.Context, client.ReleaseRequest) error) step {
		return r.customer(day, customer, func(ctx context.Context, by *client.Client) error {
			d := device()
			asked, err := by.RequestRelease(ctx, nil, client.ReleaseRequestInput{SerialNumber: d.SerialNumber, Imei: d.Imei, Reason: &reason})
			if err != nil || then == nil {
				return err
			}
			return then(ctx, *asked.JSON201)
		})
	}
	of := func(customer string) func() client.Registration {
		return func() client.Registration { return r.known(r.some(customer, 1, 330, 100)[0]) }
	}
	return []step{
		asks(63, "Cascade Logistics", of("Prairie Fire"), "bought at an auction", func(ctx context.Context, q client.ReleaseRequest) error {
			holder, err := r.asAdministrator(ctx, "Prairie Fire")
			if err == nil {
				_, err = holder.DenyReleaseRequest(ctx, q.Id, nil, client.Reason{Reason: new("it is on engine 2")})
			}
			return err
		}),
		asks(52, "Juniper Transit", of("Juniper Water"), "handed over with the depot", func(ctx context.Context, q client.ReleaseRequest) error {
			holder, err := r.asAdministrator(ctx, "Juniper Water")
			if err == nil {
				_, err = holder.GrantReleaseRequest(ctx, q.Id, nil, client.Reason{Reason: new("as agreed")})
			}
			return err
		}),
		asks(18, "Bluewater Light Rail", func() client.Registration { return r.groups["retired"][1] }, "second hand", nil), // granted by itself
		asks(2, "Redwood Freight", of("Meridian Grid"), "found in a used trailer", nil),
	}
}

// known is a device of the fleet by its serial number.
func (r *run) known(serial string) client.Registration {
	for _, device := range r.fleet {
		if device.SerialNumber == serial {
			return device
		}
	}
	panic("demo: there is no device " + serial)
}
