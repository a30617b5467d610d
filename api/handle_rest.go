package api

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
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
		Customer:  valueOf(r.Params.Customer),
		Search:    valueOf(r.Params.Search),
		Status:    account.Status(valueOf(r.Params.Status)),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	if accepts(callOf(ctx).accept, "application/json", "text/csv") == "text/csv" {
		body, position, err := h.customersCSV(ctx, caller, q, r.Params.Limit == nil)
		if err != nil {
			return nil, err
		}
		return openapi.ListCustomers200TextcsvResponse{Body: body, Headers: openapi.ListCustomers200ResponseHeaders{XPosition: position.String()}}, nil
	}
	page, err := h.App.Customers(ctx, caller, q)
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

func (h handlers) GetMe(ctx context.Context, r openapi.GetMeRequestObject) (openapi.GetMeResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	me := openapi.Me{
		Kind: string(caller.Actor.Kind), Id: caller.Actor.ID, Account: present(caller.Own()),
		ActingFor: present(caller.ActingFor), Administrator: caller.Administrator,
		Rights: list(caller.Rights, same), Accounts: []openapi.ReachedAccount{},
	}
	self, err := h.App.Self(ctx, caller)
	if err != nil {
		return nil, err
	}
	if self.ID != uuid.Nil {
		shown := person(self)
		me.Person = &shown
	}
	if caller.Auditor() {
		if me.Accounts, reached, err = h.audited(ctx, caller, reached); err != nil {
			return nil, err
		}
	}
	if !caller.Operator() && caller.Rights.Has(rights.PartnersRead) {
		rows, position, err := h.App.Partnerships(ctx, caller, caller.Own(), query.Freshness{MinPosition: reached})
		if err != nil {
			return nil, err
		}
		reached = position
		for _, row := range rows {
			if row.Reseller == caller.Own() { // the customer's side reaches nothing
				profile := profileRef(row.Profile)
				me.Accounts = append(me.Accounts, openapi.ReachedAccount{
					Uid: row.Customer, Name: row.PartnerName, Profile: &profile, Rights: list(caller.InPartner(row.Profile.Rights), same),
				})
			}
		}
	}
	return openapi.GetMe200JSONResponse{Body: me, Headers: openapi.GetMe200ResponseHeaders{XPosition: reached.String()}}, nil
}

func (h handlers) GetCatalogue(context.Context, openapi.GetCatalogueRequestObject) (openapi.GetCatalogueResponseObject, error) {
	return openapi.GetCatalogue200JSONResponse{
		Models: list(h.Catalogue.Models(), func(m catalogue.Model) openapi.CatalogueModel {
			return openapi.CatalogueModel{
				Model: m.Name, SerialPattern: m.Serial.String(), Offers: list(m.Offers, offer),
				DefaultOffer: openapi.Offer(m.Default), IncludedMonths: m.IncludedMonths,
			}
		}),
		Offers:   list(catalogue.Offers, offer),
		Profiles: list(rights.Profiles, profile),
		Windows:  h.windows(),
	}, nil
}

func (h handlers) ListProjections(ctx context.Context, _ openapi.ListProjectionsRequestObject) (openapi.ListProjectionsResponseObject, error) {
	if !callOf(ctx).caller.Operator() {
		return nil, &access.Forbidden{Right: rights.OperationsRead}
	}
	all, err := h.Service.Projections(ctx)
	if err != nil {
		return nil, err
	}
	return openapi.ListProjections200JSONResponse{Items: list(all, projection), Total: len(all)}, nil
}

func projection(p ProjectionStatus) openapi.Projection {
	return openapi.Projection{
		Name: p.Name, Version: p.Version, State: p.State, Position: p.Position.String(),
		LagEvents: p.LagEvents, LagSeconds: p.Lag.Seconds(), UpdatedAt: instant(p.UpdatedAt), Error: present(p.Error),
	}
}

func (h handlers) GetOperation(ctx context.Context, r openapi.GetOperationRequestObject) (openapi.GetOperationResponseObject, error) {
	o, err := h.operation(ctx, r.Id, r.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	return openapi.GetOperation200JSONResponse{
		Body:    operationState(o),
		Headers: openapi.GetOperation200ResponseHeaders{XPosition: o.Position.String()},
	}, nil
}

// operation finds an operation. What is kept about it is written with each
// step, so it is never behind any position.
func (h handlers) operation(ctx context.Context, id uuid.UUID, min *openapi.MinPosition) (ports.Operation, error) {
	var in reading
	in.minPosition(min)
	if err := in.err(); err != nil {
		return ports.Operation{}, err
	}
	return h.App.Operation(ctx, callOf(ctx).caller, id)
}

func (h handlers) GetOperationResults(ctx context.Context, r openapi.GetOperationResultsRequestObject) (openapi.GetOperationResultsResponseObject, error) {
	o, err := h.operation(ctx, r.Id, r.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	start := 0
	if r.Params.Cursor != nil {
		if start, err = strconv.Atoi(*r.Params.Cursor); err != nil || start < 0 {
			return nil, query.ErrBadCursor
		}
	}
	headers := openapi.GetOperationResults200ResponseHeaders{XPosition: o.Position.String()}
	switch accepts(callOf(ctx).accept, "application/json", "application/x-ndjson", "text/csv") {
	case "application/x-ndjson":
		return openapi.GetOperationResults200ApplicationxNdjsonResponse{Body: h.resultsNDJSON(ctx, o.ID, start), Headers: headers}, nil
	case "text/csv":
		return openapi.GetOperationResults200TextcsvResponse{Body: h.resultsCSV(ctx, o.ID, start), Headers: headers}, nil
	}
	limit := defaultLimit
	if r.Params.Limit != nil {
		limit = *r.Params.Limit
	}
	results, err := h.App.OperationResults(ctx, callOf(ctx).caller, o.ID, start, limit)
	if err != nil {
		return nil, err
	}
	page := openapi.ResultList{Items: list(results, h.itemResult), Total: o.Total}
	if next := start + len(results); next < o.Total && len(results) > 0 {
		page.NextCursor = present(strconv.Itoa(next))
	}
	return openapi.GetOperationResults200JSONResponse{Body: page, Headers: headers}, nil
}
