package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/api/asyncapi"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/feed"
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
	add("/metrics", s.measurements)
	add("/asyncapi.json", func(c echo.Context) error {
		described, err := s.eventTypes()
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, described)
	})
	add("/openapi.json", func(c echo.Context) error {
		return c.JSON(http.StatusOK, json.RawMessage(s.documentJSON))
	})
}

// eventTypes describes the feed's types of events.
func (s *Server) eventTypes() (*asyncapi.AsyncAPI, error) {
	recorded, fallenDue := feed.Types()
	all := asyncapi.Recorded(recorded)
	for _, e := range asyncapi.Recorded(fallenDue) {
		e.Computed = true
		all = append(all, e)
	}
	return asyncapi.Document(cmp.Or(s.PublicURL, "http://localhost"), s.version, all, feed.Hidden)
}

// ready tells everybody what does not work, and the operator why: an error may have SQL or
// something of a tenant in it.
func (s *Server) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	health, status := openapi.Health{Status: openapi.Ok, Checks: []openapi.HealthCheck{}}, http.StatusOK
	why := sync.OnceValue(func() bool { return s.operates(c.Request()) })
	for _, one := range s.Service.Ready(ctx) {
		if one.Why != "" && why() {
			one.Detail = one.Why
		}
		health.Checks = append(health.Checks, openapi.HealthCheck{Name: one.Name, Ok: one.OK, Detail: present(one.Detail)})
		if !one.OK {
			health.Status, status = openapi.Unavailable, http.StatusServiceUnavailable
		}
	}
	return c.JSON(status, health)
}
