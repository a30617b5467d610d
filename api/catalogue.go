package api

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var modelOrders = orders[catalogue.Model]{
	"model":          byName(func(m catalogue.Model) string { return m.Name }),
	"defaultOffer":   func(a, b catalogue.Model) int { return cmp.Compare(a.Default, b.Default) },
	"includedMonths": func(a, b catalogue.Model) int { return cmp.Compare(a.IncludedMonths, b.IncludedMonths) },
}

func (h handlers) GetCatalogue(ctx context.Context, r openapi.GetCatalogueRequestObject) (openapi.GetCatalogueResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, modelOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	inForce, err := h.catalogue(ctx, fresh)
	if err != nil {
		return nil, err
	}
	models := inForce.Models()
	if wanted := r.Params.Offer; wanted != nil {
		models = slices.DeleteFunc(slices.Clone(models), func(m catalogue.Model) bool {
			return !slices.ContainsFunc(*wanted, func(o openapi.Offer) bool { return slices.Contains(m.Offers, catalogue.Offer(o)) })
		})
	}
	found, err := paged(models, page, modelOrders)
	if err != nil {
		return nil, err
	}
	return openapi.GetCatalogue200JSONResponse{
		Body: openapi.Catalogue{
			Models:     list(found.Items, model),
			NextCursor: present(found.NextCursor),
			Total:      found.Total,
			Offers:     list(catalogue.Offers, offer),
			Profiles:   list(rights.Profiles, profile),
			Windows:    h.windows(),
		},
		Headers: openapi.GetCatalogue200ResponseHeaders{XPosition: later(inForce.Position, fresh.MinPosition).String()},
	}, nil
}

func (h handlers) GetModel(ctx context.Context, r openapi.GetModelRequestObject) (openapi.GetModelResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	inForce, err := h.catalogue(ctx, fresh)
	if err != nil {
		return nil, err
	}
	m, known := inForce.Model(r.Model)
	if !known {
		return nil, query.ErrNotFound
	}
	return openapi.GetModel200JSONResponse{
		Body: model(m),
		Headers: openapi.GetModel200ResponseHeaders{
			ETag: catalogueTag(inForce.Revision), XPosition: later(inForce.Position, fresh.MinPosition).String(),
		},
	}, nil
}

// catalogue is the one in force, or the one of a past instant. It is read from
// the log, which is never behind.
func (h handlers) catalogue(ctx context.Context, f query.Freshness) (catalogues.InForce, error) {
	if f.AsOf.IsZero() {
		return h.App.Catalogues.InForce(ctx)
	}
	return h.App.Catalogues.AsOf(ctx, f.AsOf)
}

func (h handlers) PutModel(ctx context.Context, r openapi.PutModelRequestObject) (openapi.PutModelResponseObject, error) {
	var in reading
	c := catalogues.Put{
		Edit: catalogues.Edit{
			Command: commandOf(ctx, r.Body.Reason), IfRevision: in.ifCatalogue(r.Params.IfMatch),
		},
		Model: models.Definition{
			Name: r.Model, SerialPattern: r.Body.SerialPattern,
			Offers:       list(r.Body.Offers, func(o openapi.Offer) catalogue.Offer { return catalogue.Offer(o) }),
			DefaultOffer: catalogue.Offer(r.Body.DefaultOffer), IncludedMonths: r.Body.IncludedMonths,
		},
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	edited, err := h.App.Catalogues.Put(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, namedInPath(catalogueChanged(err))
	}
	return openapi.PutModel200JSONResponse{EditedModelJSONResponse: editedModel(edited)}, nil
}

func (h handlers) WithdrawModel(ctx context.Context, r openapi.WithdrawModelRequestObject) (openapi.WithdrawModelResponseObject, error) {
	var in reading
	c := catalogues.Withdraw{
		Edit: catalogues.Edit{
			Command: commandOf(ctx, r.Params.Reason), IfRevision: in.ifCatalogue(r.Params.IfMatch),
		},
		Model: r.Model,
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	edited, err := h.App.Catalogues.Withdraw(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, catalogueChanged(err)
	}
	return openapi.WithdrawModel200JSONResponse{EditedModelJSONResponse: editedModel(edited)}, nil
}

func editedModel(e catalogues.Edited) openapi.EditedModelJSONResponse {
	return openapi.EditedModelJSONResponse{
		Body:    model(e.Model),
		Headers: openapi.EditedModelResponseHeaders{ETag: catalogueTag(e.Revision), XPosition: e.Position.String()},
	}
}

func model(m catalogue.Model) openapi.CatalogueModel {
	return openapi.CatalogueModel{
		Model: m.Name, SerialPattern: m.Serial.String(), Offers: list(m.Offers, offer),
		DefaultOffer: openapi.Offer(m.Default), IncludedMonths: m.IncludedMonths, Withdrawn: present(m.Withdrawn),
	}
}

// catalogueTag counts the edits: a catalogue without any has a tag, too.
func catalogueTag(r eventlog.Revision) string { return etag(r + 1) }

// catalogueChanged has the refusal of an edit carry the catalogue's own tag.
func catalogueChanged(err error) error {
	if now, ok := errors.AsType[*command.Changed](err); ok {
		return &command.Changed{Revision: now.Revision + 1, Position: now.Position}
	}
	return err
}

// ifCatalogue reads what catalogueTag gave.
func (r *reading) ifCatalogue(v *openapi.IfMatch) *eventlog.Revision {
	revision := r.ifMatch(v)
	if revision != nil {
		*revision--
	}
	return revision
}

// namedInPath points to the path for what is wrong with a model's name.
func namedInPath(err error) error {
	problems := slices.Clone(domain.ProblemsOf(err))
	if len(problems) == 0 {
		return err
	}
	for i := range problems {
		if problems[i].Pointer == "/name" {
			problems[i].Pointer = "#/path/model"
		}
	}
	return domain.Refuse(problems...)
}
