package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

var customerSorts = []string{"name", "status", "totalSystems", "activeSystems", "initialRenewal", "renewalSystems",
	"lastRenewal", "expired", "autoRenewing", "lastLogin"}

func (h handlers) ListCustomers(ctx context.Context, r openapi.ListCustomersRequestObject) (openapi.ListCustomersResponseObject, error) {
	sorts := customerSorts
	for _, w := range h.Windows {
		sorts = append(sorts[:len(sorts):len(sorts)], w.Name)
	}
	var in reading
	q := query.CustomerQuery{
		Freshness: in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf),
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, sorts),
		Customers: valueOf(r.Params.Customer),
		Search:    valueOf(r.Params.Search),
		Statuses:  eachOf[account.Status](r.Params.Status),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	if wantsCSV(ctx) {
		return h.customersCSV(ctx, caller, q, r.Params.Limit)
	}
	page, err := h.App.Accounts.Customers(ctx, caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListCustomers200JSONResponse{
		Body: openapi.CustomerList{
			Items: list(page.Items, h.customer), NextCursor: present(page.NextCursor), Total: page.Total, Windows: h.windows(),
		},
		Headers: openapi.ListCustomers200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func (h handlers) CreateCustomer(ctx context.Context, r openapi.CreateCustomerRequestObject) (openapi.CreateCustomerResponseObject, error) {
	c := newAccount(ctx, r.Body.Name, r.Body.Administrator, r.Body.Offers, r.Body.Reason)
	c.Type = account.Standard
	created, err := h.App.Accounts.CreateCustomer(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.CreateCustomer201JSONResponse{
		Body:    openapi.CreatedAccount{Uid: created.UID, Type: openapi.Standard, Status: openapi.AccountStatusPending},
		Headers: openapi.CreateCustomer201ResponseHeaders{Location: accountPath(created.UID), XPosition: created.Position.String()},
	}, nil
}

func (s *Server) customer(r query.CustomerRow) openapi.Customer {
	c := openapi.Customer{
		Uid: r.UID, Name: r.Name, Status: openapi.AccountStatus(r.Status),
		TotalSystems: r.TotalSystems, ActiveSystems: r.ActiveSystems,
		InitialRenewal: present(r.InitialRenewal.String()), RenewalSystems: r.RenewalSystems,
		LastRenewal: present(r.LastRenewal.String()),
		Expired:     r.Expired, AutoRenewing: r.AutoRenewing,
		PartnerProfile: profileRef(r.PartnerProfile),
		LastLogin:      instant(r.LastLogin),
		Administrators: openapi.Administrators{Count: len(r.Administrators), Items: list(r.Administrators, person)},
	}
	c.Windows = s.windowCounts(r.Windows)
	return c
}

func (s *Server) windowCounts(counts [3]int) []openapi.WindowCount {
	var all []openapi.WindowCount
	for i, w := range s.Windows {
		all = append(all, openapi.WindowCount{Name: w.Name, Colour: w.Colour, FromDay: w.FromDay, ToDay: w.ToDay, Count: counts[i]})
	}
	return all
}

func (h handlers) customersCSV(ctx context.Context, c access.Caller, q query.CustomerQuery, limit *int) (csvAnswer, error) {
	header := []string{"UID", "NAME", "STATUS", "TOTAL_SYSTEMS", "ACTIVE_SYSTEMS", "INITIAL_RENEWAL", "RENEWAL_SYSTEMS", "LAST_RENEWAL"}
	for _, w := range h.Windows {
		header = append(header, "WINDOW_"+strings.ToUpper(w.Name))
	}
	header = append(header, "EXPIRED", "AUTO_RENEWING", "PARTNER_PROFILE", "LAST_LOGIN", "ADMINISTRATORS")
	fetch := func() (query.List[query.CustomerRow], error) { return h.App.Accounts.Customers(ctx, c, q) }
	return csvList(h, "customers", header, limit, q.Freshness, &q.Page, fetch, func(r query.CustomerRow) []string {
		row := []string{
			r.UID.String(), r.Name, string(r.Status), strconv.Itoa(r.TotalSystems), strconv.Itoa(r.ActiveSystems),
			r.InitialRenewal.String(), strconv.Itoa(r.RenewalSystems), r.LastRenewal.String(),
		}
		for _, n := range r.Windows {
			row = append(row, strconv.Itoa(n))
		}
		return append(row, strconv.Itoa(r.Expired), strconv.Itoa(r.AutoRenewing), r.PartnerProfile.ID, stamp(r.LastLogin), emails(r.Administrators))
	})
}
