package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/forecasts"
	"github.com/fleetledger/fleetledger/app/query"
)

// defaultMonths is how many months a forecast has when nobody says.
const defaultMonths = 24

func (h handlers) GetForecast(ctx context.Context, r openapi.GetForecastRequestObject) (openapi.GetForecastResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	q := forecasts.Query{
		Freshness: in.instantAsked("#/query/at", h.Clock.Now(), r.Params.At),
		Account:   valueOf(r.Params.Account), Months: defaultMonths,
	}
	q.MinPosition = reached
	if r.Params.Months != nil {
		q.Months = *r.Params.Months
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	f, err := h.App.Forecasts.Get(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.GetForecast200JSONResponse{
		Body: openapi.Forecast{
			From: f.From.String(), Months: list(f.Months, forecastMonth), Totals: h.forecastTotals(f.Totals),
		},
		Headers: openapi.GetForecast200ResponseHeaders{XPosition: f.Totals.Position.String()},
	}, nil
}

func forecastMonth(m forecasts.Month) openapi.ForecastMonth {
	return openapi.ForecastMonth{
		Month: m.From.Time().Format("2006-01"), From: m.From.String(), To: m.To.String(),
		Ends: m.Ends, Automatic: m.Automatic, Expired: m.Expired,
	}
}

func (s *Server) forecastTotals(r query.ForecastRow) openapi.ForecastTotals {
	return openapi.ForecastTotals{
		Accounts: r.Accounts, Customers: r.Customers, TotalSystems: r.TotalSystems, ActiveSystems: r.ActiveSystems,
		InitialRenewal: present(r.InitialRenewal.String()), RenewalSystems: r.RenewalSystems,
		LastRenewal: present(r.LastRenewal.String()), Windows: s.windowCounts(r.Windows),
		Expired: r.Expired, AutoRenewing: r.AutoRenewing,
	}
}
