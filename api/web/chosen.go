package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// mostChosen bounds what one form can choose by a filter.
const mostChosen = 10_000 // devices

// chosen are the devices that a page was asked for: those ticked, those typed, or all
// that a filter of the list leaves.
func (v *visit) chosen(ctx context.Context) ([]string, error) {
	values := v.query
	if v.r.Method == http.MethodPost {
		values = v.r.PostForm
	}
	var names []string
	for _, list := range append(slices.Clone(values["device"]), values["devices"]...) {
		names = append(names, strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' || c == '\r' || c == '\t' })...)
	}
	if filter := values.Get("all"); filter != "" || values.Has("all") {
		all, err := v.allOf(ctx, filter)
		if err != nil {
			return nil, err
		}
		names = append(names, all...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// allOf are the devices that a filter of the list of devices leaves.
func (v *visit) allOf(ctx context.Context, filter string) ([]string, error) {
	query, err := url.ParseQuery(filter)
	if err != nil {
		return nil, fmt.Errorf("%w: the filter", errNoPage)
	}
	list := &visit{desk: v.desk, r: v.r, query: query}
	params := list.deviceFilter(nil)
	params.Cursor, params.Limit, params.AsOf = nil, pointer(1000), nil
	var names []string
	for {
		answer, err := v.fleet.ListDevices(ctx, params)
		if err != nil {
			return nil, err
		}
		for _, d := range answer.JSON200.Items {
			names = append(names, d.Uid.String())
		}
		if params.Cursor = answer.JSON200.NextCursor; params.Cursor == nil || len(names) >= mostChosen {
			return names, nil
		}
	}
}

// devicesByUID are devices as they are now, as far as the reader sees them.
func (v *visit) devicesByUID(ctx context.Context, uids []string) (map[string]openapi.Device, error) {
	const atOnce = 8
	found := make([]*openapi.Device, len(uids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, uid := range uids {
		g.Go(func() error {
			answer, err := v.fleet.GetDevice(ctx, uid, nil)
			if err == nil {
				found[i] = answer.JSON200
				return nil
			}
			if p := problemOf(err); p != nil && p.Status == http.StatusNotFound {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	devices := map[string]openapi.Device{}
	for _, d := range found {
		if d != nil {
			devices[d.Uid.String()] = *d
		}
	}
	return devices, nil
}

// accountNamed finds an account that somebody typed by its UID, or a customer by its
// name; the problem says what to type instead.
func (v *visit) accountNamed(ctx context.Context, text string) (uuid.UUID, *client.Problem, error) {
	text = strings.TrimSpace(text)
	if uid, err := uuid.Parse(text); err == nil {
		return uid, nil, nil
	}
	if v.me.AccountName != nil && strings.EqualFold(text, *v.me.AccountName) {
		return *v.me.Account, nil, nil
	}
	if text != "" && v.frame("", "").Reseller() {
		answer, err := v.fleet.ListCustomers(ctx, &client.ListCustomersParams{Search: &text, Limit: pointer(rows)})
		if err != nil {
			return uuid.Nil, nil, err
		}
		for _, c := range answer.JSON200.Items {
			if strings.EqualFold(c.Name, text) || len(answer.JSON200.Items) == 1 {
				return c.Uid, nil, nil
			}
		}
	}
	problem := &client.Problem{}
	problem.Status, problem.Code = http.StatusUnprocessableEntity, "target_unknown"
	problem.Detail = "No account of that name is among your customers. Type its name as the Customers page has it, or its UID."
	return uuid.Nil, problem, nil
}
