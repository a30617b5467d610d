package demo

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// year is the included service of a device, in days.
const year = 365

// ordering is when devices are ordered for, by when they came.
type ordering struct {
	day      int
	from, to int // days before the present that the devices came
	orders   map[string]uuid.UUID
}

// renewals is the orders of four rounds, and what the operator made of them. Some
// customers let services run out.
func (r *run) renewals() []step {
	rounds := []*ordering{
		{72, months, year + 37, nil}, {40, year + 36, year + 7, nil}, {9, year + 6, year - 24, nil},
	}
	var steps []step
	for n, o := range rounds {
		o.orders = map[string]uuid.UUID{}
		steps = append(steps,
			r.user(o.day, marta, func(ctx context.Context, by *client.Client) error { return r.order(ctx, by, o) }),
			r.vendor(o.day-2, func(ctx context.Context, operator *client.Client) error { return r.answer(ctx, operator, o, n) }))
	}
	reversed := rounds[1]
	return append(steps,
		r.vendor(30, func(ctx context.Context, operator *client.Client) error {
			return failed(operator.ReverseRenewal(ctx, reversed.orders["Delta Rail"], nil, client.RenewalReversalRequest{Reason: new("purchase order cancelled")}))
		}),
		r.customer(15, "Delta Rail", func(ctx context.Context, by *client.Client) error { // billed directly: it orders itself
			return failed(by.RenewDevices(ctx, nil, client.RenewalRequest{
				Devices: r.some("Delta Rail", 3, 350, 250), AlignTo: new("monthEnd"), OrderNumber: new("DR-77-0815"), Note: new("budget of this year"),
			}))
		}),
		r.customer(5, "Café Montréal Transit", func(ctx context.Context, by *client.Client) error {
			return failed(by.RenewDevices(ctx, nil, client.RenewalRequest{
				Devices: r.some("Café Montréal Transit", 5, 360, 300), Term: new("P3Y"), OrderNumber: new("BC-2210"), Note: new("trois ans"),
			}))
		}),
		r.vendor(44, func(ctx context.Context, operator *client.Client) error { // at once
			return failed(operator.RenewDevices(ctx, nil, client.RenewalRequest{
				Devices: r.some("Prairie Fire", 12, 320, 280), Term: new("P5Y"), OrderNumber: new("PF-FRAME-1"), Note: new("framework contract"),
			}))
		}))
}

// order orders for what a round is about, a customer after the other. Every sixth
// customer is left out.
func (r *run) order(ctx context.Context, by *client.Client, o *ordering) error {
	for i, c := range r.customers {
		serials := r.due(o, c.name, i)
		if len(serials) == 0 || i%6 == 5 {
			continue
		}
		term := "P1Y"
		if i%4 == 3 {
			term = "P3Y"
		}
		r.orders++
		ordered, err := by.RenewDevices(ctx, nil, client.RenewalRequest{
			Devices: serials, Term: &term, OrderNumber: new(fmt.Sprintf("PO-%d-%04d", r.date(o.day).Year(), 310+7*r.orders)), Note: new("yearly order of " + c.name),
		})
		if err != nil {
			return err
		}
		if ordered.JSON200.Summary.Refused < len(serials) {
			o.orders[c.name] = *ordered.JSON200.Id
		}
	}
	return nil
}

// answer is what became of a round's orders. Most are applied; of the last one
// most wait.
func (r *run) answer(ctx context.Context, operator *client.Client, o *ordering, round int) error {
	for i, c := range r.customers {
		id, ordered := o.orders[c.name]
		if !ordered {
			continue
		}
		if err := r.answerOne(ctx, operator, id, r.due(o, c.name, i), round*100+i); err != nil {
			return fmt.Errorf("order of %s: %w", c.name, err)
		}
	}
	return nil
}

func (r *run) answerOne(ctx context.Context, operator *client.Client, id uuid.UUID, serials []string, which int) error {
	apply := func(devices *[]string) error {
		return failed(operator.ApplyRenewal(ctx, id, nil, client.RenewalAnswer{Devices: devices}))
	}
	switch which {
	case 101: // in part, and the rest declined
		if err := apply(new(serials[:min(2, len(serials))])); err != nil {
			return err
		}
		return failed(operator.DeclineRenewal(ctx, id, nil, client.RenewalAnswer{Reason: new("the rest is beyond the credit limit")}))
	case 102, 200: // in part, the rest waits
		return apply(new(serials[:1]))
	case 103, 4:
		return failed(operator.DeclineRenewal(ctx, id, nil, client.RenewalAnswer{Reason: new("no such purchase order")}))
	case 107, 3:
		by, err := r.as(ctx, marta)
		if err == nil {
			_, err = by.WithdrawRenewal(ctx, id, nil, client.RenewalAnswer{Reason: new("the customer replaces them")})
		}
		return err
	}
	if which > 200 && which%5 != 1 {
		return nil
	}
	return apply(nil)
}

// due are the devices of a customer that a round is about. Every ninth is
// forgotten.
func (r *run) due(o *ordering, customer string, i int) []string {
	var serials []string
	for _, d := range r.delivered[customer] {
		if d.day <= o.from && d.day >= o.to && (i+d.day)%9 != 0 {
			serials = append(serials, d.serial)
		}
	}
	return serials
}

// granted is what the operator gave away.
func (r *run) granted() []step {
	grant := func(day int, customer string, allocation client.AllocationRequest) step {
		return r.vendor(day, func(ctx context.Context, operator *client.Client) error {
			allocation.Device = r.some(customer, 1, 360, 150)[0]
			return failed(operator.GrantAllocation(ctx, nil, allocation))
		})
	}
	return []step{
		grant(140, "Meridian Grid", client.AllocationRequest{Term: new("P1Y"), Reason: new("replacement for a faulty unit")}),
		grant(12, "Lakeshore Utilities", client.AllocationRequest{Until: new(r.until(400).Format("2006-01-02")), Reason: new("flood relief")}),
	}
}
