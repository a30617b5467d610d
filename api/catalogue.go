package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
)

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
