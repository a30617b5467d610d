package demo

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/api/client"
)

const (
	// Reseller is the account that the demo is about.
	Reseller = "Summit Wireless"
	// Administrator is the e-mail address of who runs it.
	Administrator = "admin@summit-wireless.example"

	second  = "Nordlicht Funk" // reseller that shares customers with the first
	founded = 1890             // days ago: long enough for free terms to have renewed by themselves
	months  = 430              // days of business before the present
)

// opening is how the resellers got their accounts.
func (r *run) opening() []step {
	return []step{
		{founded, func(ctx context.Context) error { return r.openReseller(ctx, Reseller) }},
		{founded - 1, func(ctx context.Context) error { return r.join(ctx, Reseller) }},
		{founded - 2, r.equipDesk},
		{months - 2, func(ctx context.Context) error { return r.openReseller(ctx, second) }},
		{months - 4, func(ctx context.Context) error { return r.join(ctx, second) }},
	}
}

// first is the first administrator of an account besides the customers.
func (r *run) first(account string) person {
	for _, p := range r.people {
		if p.account == account && p.state == "first" {
			return p
		}
	}
	panic("demo: nobody runs " + account)
}

func (r *run) openReseller(ctx context.Context, name string) error {
	p := r.first(name)
	created, err := r.operator.CreateAccount(ctx, nil, client.NewAccount{
		Name: name, Type: client.Reseller, Administrator: client.Administrator{Email: p.email, Name: &p.name},
	})
	if err == nil {
		r.accounts[name] = created.JSON201.Uid
	}
	return err
}

// join accepts the first invitation of an account.
func (r *run) join(ctx context.Context, account string) error {
	return r.accept(ctx, r.Tokens.Invitation(r.uid(account), 1), r.first(account).name)
}

// equipDesk gives the first reseller a token for its imports, and the devices that
// it shows to customers.
func (r *run) equipDesk(ctx context.Context) (err error) {
	r.filled.Reseller = r.uid(Reseller)
	r.filled.Desk, err = r.journal.once("desk", func() (string, error) {
		return r.AccountToken(ctx, r.filled.Reseller, "Imports of the desk")
	})
	if err != nil {
		return err
	}
	if r.desk, err = r.client(r.filled.Desk); err != nil {
		return err
	}
	return r.register(ctx, r.desk, Reseller, "founding")
}

// customersJoin is how the customers got their accounts, and what each lets the
// reseller do.
func (r *run) customersJoin() []step {
	var steps []step
	for i, c := range r.customers {
		steps = append(steps,
			step{c.since, func(ctx context.Context) error {
				return r.openCustomer(ctx, r.desk, c.name, c.email, c.administrator, c.offers)
			}},
			step{c.since - 1 - i%2, func(ctx context.Context) error {
				return r.accept(ctx, r.Tokens.Invitation(r.uid(c.name), 1), c.administrator)
			}})
		if c.profile != "read-only" {
			steps = append(steps, step{c.since - 3, func(ctx context.Context) error {
				customer, err := r.as(ctx, c.email)
				if err == nil {
					_, err = customer.AssignPartnerProfile(ctx, r.uid(c.name), r.uid(Reseller), nil, client.ProfileAssignment{Profile: &c.profile})
				}
				return err
			}})
		}
	}
	return steps
}

// openCustomer has a reseller create an account.
func (r *run) openCustomer(ctx context.Context, reseller *client.Client, name, email, administrator string, offers []client.Offer) error {
	customer := client.NewCustomer{Name: name, Administrator: client.Administrator{Email: email, Name: &administrator}}
	if len(offers) > 0 {
		customer.Offers = &offers
	}
	created, err := reseller.CreateCustomer(ctx, nil, customer)
	if err == nil {
		r.accounts[name] = created.JSON201.Uid
	}
	return err
}

// peopleJoin is how further users were invited, and what became of them.
func (r *run) peopleJoin() []step {
	var steps []step
	for _, p := range r.people {
		if p.state == "first" {
			continue
		}
		steps = append(steps, step{p.since, func(ctx context.Context) error { return r.invite(ctx, p) }})
		switch p.state {
		case "pending", "expired":
		case "revoked":
			steps = append(steps, step{p.since - 1, func(ctx context.Context) error { return r.revoke(ctx, p) }})
		default:
			steps = append(steps, step{p.since - 1, func(ctx context.Context) error {
				return r.accept(ctx, r.Tokens.UserInvitation(r.users[p.email], 1), p.name)
			}})
		}
		switch p.state {
		case "deactivated":
			steps = append(steps, step{p.lastLogin - 5, func(ctx context.Context) error { return r.deactivate(ctx, p) }})
		case "erased":
			steps = append(steps, step{p.lastLogin - 5, func(ctx context.Context) error {
				_, err := r.operator.ErasePerson(ctx, r.users[p.email], nil, client.Reason{Reason: new("asked for by the person")})
				return err
			}})
		}
	}
	return steps
}

// manager is who looks after the users of an account.
func (r *run) manager(ctx context.Context, account string) (*client.Client, error) {
	for _, p := range r.people {
		if p.account == account && p.state == "first" {
			return r.as(ctx, p.email)
		}
	}
	return r.asAdministrator(ctx, account)
}

func (r *run) invite(ctx context.Context, p person) error {
	by, err := r.manager(ctx, p.account)
	if err != nil {
		return err
	}
	user := client.NewUser{Email: p.email, Name: &p.name}
	if p.role == "administrator" {
		user.Administrator = new(true)
	} else {
		user.Profiles = new(strings.Split(p.role, "|"))
	}
	invited, err := by.InviteUser(ctx, r.uid(p.account), nil, user)
	if err == nil {
		r.users[p.email] = invited.JSON201.Uid
	}
	return err
}

func (r *run) revoke(ctx context.Context, p person) error {
	by, err := r.manager(ctx, p.account)
	if err == nil {
		_, err = by.RevokeUserInvitation(ctx, r.uid(p.account), r.users[p.email], nil, client.Reason{Reason: new("misspelt address")})
	}
	return err
}

func (r *run) deactivate(ctx context.Context, p person) error {
	by, err := r.manager(ctx, p.account)
	if err == nil {
		_, err = by.DeactivateUser(ctx, r.uid(p.account), r.users[p.email], nil, client.Reason{Reason: new("left the company")})
	}
	return err
}

// signIns is when people looked in: on their last day, and before that on a day of
// every so many weeks.
func (r *run) signIns() []step {
	const week = 7
	daily := map[int][]string{}
	of := func(email string, since, last, every int) {
		for day := last; day >= 0 && day < min(since, months)-week; day += every {
			on := day
			if day != last {
				on -= day % week
			}
			if on != last || day == last {
				daily[on] = append(daily[on], email)
			}
			if every == 0 {
				return
			}
		}
	}
	for _, c := range r.customers {
		of(c.email, c.since, c.lastLogin, c.every)
	}
	for _, p := range r.people {
		of(p.email, p.since, p.lastLogin, p.every)
	}
	var steps []step
	for day, emails := range daily {
		steps = append(steps, step{day, func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.SetLimit(4)
			for _, email := range emails {
				g.Go(func() error {
					_, err := r.as(ctx, email)
					return err
				})
			}
			return g.Wait()
		}})
	}
	return steps
}
