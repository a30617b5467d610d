package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fleetledger/fleetledger/api/openapi"
)

const readyTimeout = 2 * time.Second

// registerService adds what is about the service itself. None of it has any
// tenant's data, so it needs no caller.
func (s *Server) registerService() {
	add := func(path string, h echo.HandlerFunc) {
		op := s.operations[http.MethodGet+" "+path]
		s.echo.GET(path, h, s.named(op))
		s.echo.HEAD(path, h, withoutBody, s.named(op))
	}
	add("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, openapi.Health{Status: openapi.Ok, Checks: []openapi.HealthCheck{}})
	})
	add("/readyz", s.ready)
	add("/metrics", echo.WrapHandler(promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{})))
	add("/openapi.json", func(c echo.Context) error {
		return c.JSON(http.StatusOK, json.RawMessage(s.documentJSON))
	})
}

func (s *Server) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	health, status := openapi.Health{Status: openapi.Ok, Checks: []openapi.HealthCheck{}}, http.StatusOK
	for _, one := range s.Service.Ready(ctx) {
		health.Checks = append(health.Checks, openapi.HealthCheck{Name: one.Name, Ok: one.OK, Detail: present(one.Detail)})
		if !one.OK {
			health.Status, status = openapi.Unavailable, http.StatusServiceUnavailable
		}
	}
	return c.JSON(status, health)
}
