package demo

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/api/client"
)

// Others are further people to sign in as, with the same password.
var Others = []struct{ Email, Who string }{
	{"rosa.lindqvist@prairie-fire.example", "administrator of the customer Prairie Fire"},
	{"robin.achebe@summit-wireless.example", "Summit Wireless, read only"},
	{"birte.hansen@nordlicht-funk.example", "administrator of the other reseller"},
}

// People of the scenes.
const (
	grace = "grace.holloway@summit-wireless.example"
	dev   = "dev.patel@summit-wireless.example"
	marta = "marta.kowalczyk@summit-wireless.example"
	birte = "birte.hansen@nordlicht-funk.example"
	ivy   = "ivy.moreno@prairie-fire.example"
)

// scenes is everything that happened once.
func (r *run) scenes() []step {
	scenes := [][]step{r.partners(), r.companies(), r.administration(), r.lives(), r.transfers(), r.releases(), r.renewals(), r.granted()}
	var steps []step
	for _, s := range scenes {
		steps = append(steps, s...)
	}
	return steps
}

// user is a step that somebody takes who signs in.
func (r *run) user(day int, email string, do func(context.Context, *client.Client) error) step {
	return step{day, func(ctx context.Context) error {
		by, err := r.as(ctx, email)
		if err != nil {
			return err
		}
		return do(ctx, by)
	}}
}

// customer is a step that a customer's first administrator takes.
func (r *run) customer(day int, account string, do func(context.Context, *client.Client) error) step {
	return r.user(day, r.administrator(account), do)
}

// reseller is a step that the first reseller's desk takes, vendor one that the
// operator takes.
func (r *run) reseller(day int, do func(context.Context, *client.Client) error) step {
	return step{day, func(ctx context.Context) error { return do(ctx, r.desk) }}
}

func (r *run) vendor(day int, do func(context.Context, *client.Client) error) step {
	return step{day, func(ctx context.Context) error { return do(ctx, r.operator) }}
}

// until is an instant so many days after the present.
func (r *run) until(days int) time.Time { return r.date(-days) }

// failed is the error of an answer that is of no further interest.
func failed[T any](_ T, err error) error { return err }
