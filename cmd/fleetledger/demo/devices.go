package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/fleetledger/fleetledger/api/client"
)

// delivery is a device that came to a customer.
type delivery struct {
	serial string
	day    int // days before the present
}

// deliveries is how the fleet was registered: once a week, for all customers at
// once.
func (r *run) deliveries() []step {
	const week = 7
	since := map[string]int{}
	for _, c := range r.customers {
		since[c.name] = c.since
	}
	weekly := map[int][]client.Registration{}
	for i, device := range r.fleet {
		// A customer's devices come spread over its time, not in the file's order.
		day := 2 + i*7919%(since[*device.Account]-6)
		weekly[day-day%week+1] = append(weekly[day-day%week+1], device)
	}
	steps := make([]step, 0, len(weekly))
	for day, devices := range weekly {
		steps = append(steps, step{day, func(ctx context.Context) error { return r.deliver(ctx, devices) }})
	}
	slices.SortFunc(steps, func(a, b step) int { return b.day - a.day })
	return steps
}

func (r *run) deliver(ctx context.Context, devices []client.Registration) error {
	request := client.RegistrationRequest{}
	for _, device := range devices {
		customer := *device.Account
		r.delivered[customer] = append(r.delivered[customer], delivery{device.SerialNumber, r.today})
		device.Account = new(r.uid(customer).String())
		request.Items = append(request.Items, device)
	}
	return registered(r.desk.RegisterDevices(ctx, nil, request))
}

// register registers a group of the further devices into an account.
func (r *run) register(ctx context.Context, by *client.Client, account, group string) error {
	request := client.RegistrationRequest{}
	for _, device := range r.groups[group] {
		device.Account = new(r.uid(account).String())
		request.Items = append(request.Items, device)
	}
	return registered(by.RegisterDevices(ctx, nil, request))
}

func registered(answer *client.RegisterDevicesResponse, err error) error {
	if err != nil {
		return err
	}
	return refusals(answer.JSON200)
}

// serials are those of a group of the further devices, or some of them.
func (r *run) serials(group string, which ...int) []string {
	var serials []string
	for i, device := range r.groups[group] {
		if len(which) == 0 || slices.Contains(which, i) {
			serials = append(serials, device.SerialNumber)
		}
	}
	return serials
}

// some are n devices that a customer got between two days, the older one first.
func (r *run) some(customer string, n, from, to int) []string {
	var serials []string
	for _, d := range r.delivered[customer] {
		if d.day <= from && d.day >= to && len(serials) < n {
			serials = append(serials, d.serial)
		}
	}
	if len(serials) == 0 {
		panic(fmt.Sprintf("demo: nothing came to %s from %d to %d days ago", customer, from, to))
	}
	return serials
}
