package web

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// calendars adds the reader's calendars to the page, and the accounts that one can be
// made of: the own one, the first customers by name, and the one that is chosen.
func (v *visit) calendars(ctx context.Context, page *view.Security) error {
	all, err := v.fleet.ListCalendars(ctx, nil)
	if err != nil {
		return err
	}
	c := &page.Calendars
	c.Items = all.JSON200.Items
	c.Chosen = cmp.Or(page.Typed.Get("of"), v.query.Get("calendar"))
	if v.me.Account != nil && v.me.AccountName != nil {
		c.Accounts = append(c.Accounts, openapi.Owner{Uid: *v.me.Account, Name: v.me.AccountName})
	}
	customers, err := v.fleet.ListCustomers(ctx, &client.ListCustomersParams{Sort: pointer("name"), Limit: pointer(rows)})
	switch {
	case err == nil:
		for _, customer := range customers.JSON200.Items {
			c.Accounts = append(c.Accounts, openapi.Owner{Uid: customer.Uid, Name: &customer.Name})
		}
	case refusal(err) == nil:
		return err
	}
	chosen, err := uuid.Parse(c.Chosen)
	if err != nil {
		c.Chosen = ""
		return nil //nolint:nilerr // none is chosen
	}
	for _, account := range c.Accounts {
		if account.Uid == chosen {
			return nil
		}
	}
	found, err := v.fleet.GetAccount(ctx, chosen, nil)
	if err == nil {
		c.Accounts = append(c.Accounts, openapi.Owner{Uid: chosen, Name: &found.JSON200.Name})
		return nil
	}
	if problemOf(err) == nil {
		return err
	}
	c.Chosen = ""
	return nil
}

// makeCalendar makes a calendar of what the form says.
func (v *visit) makeCalendar(ctx context.Context, form url.Values) (*openapi.CreatedCalendar, error) {
	wanted := client.CreateCalendarJSONRequestBody{Label: form.Get("label")}
	if of := form.Get("of"); of != "" {
		account, err := uuid.Parse(of)
		if err != nil {
			return nil, errNoPage
		}
		wanted.Account = &account
	}
	if days := form.Get("days"); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil {
			return nil, errNoPage
		}
		wanted.ExpiresAt = pointer(v.desk.Clock.Now().AddDate(0, 0, n).Truncate(time.Second))
	}
	made, err := v.fleet.CreateCalendar(ctx, nil, wanted, v.once())
	if err != nil {
		return nil, err
	}
	return made.JSON201, nil
}
