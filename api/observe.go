package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// newMetrics registers the metrics. Routes are described paths, never raw
// ones: those have tokens and names of tenants in them.
func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fleetledger_http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fleetledger_http_request_duration_seconds", Help: "Time from the request's header to the end of the answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// observe is the outermost stage: it names the request, answers errors and
// panics, measures and logs.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		r := c.Request()
		made := &call{
			requestID:   requestIDFrom(r.Header.Get("X-Request-Id")),
			traceparent: traceparentOf(r),
			address:     addressFrom(c.RealIP()),
			accept:      strings.Join(r.Header.Values("Accept"), ","),
		}
		c.SetRequest(r.WithContext(withCall(r.Context(), made)))
		header := c.Response().Header()
		header.Set("X-Request-ID", made.requestID)
		header.Set("Traceparent", made.traceparent)
		protect(header, Encrypted(r))

		err := s.recovered(c, next)
		if err != nil {
			drain(r)
			s.answerError(err, c)
			if s.App.SecurityLog != nil && made.caller.Actor.ID != "" {
				s.App.SecurityLog.Refused(r.Context(), made.caller, made.from, err)
			}
		}
		s.record(c, made, time.Since(start), err)
		if err != nil && truncated(c, err) {
			// The answer is incomplete; only a broken connection says so.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (s *Server) recovered(c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			err = &panicked{v, debug.Stack()}
		}
	}()
	return next(c)
}

// answerError answers with problem details, unless an answer has begun.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	made := callOf(c.Request().Context())
	if werr := writeProblem(c.Response(), failureOf(err), made.requestID); werr != nil {
		s.Logger.Debug("answer not sent", "error", werr, "requestId", made.requestID)
	}
}

// truncated reports whether the handler failed after its answer had begun with
// a success.
func truncated(c echo.Context, err error) bool {
	return c.Response().Committed && c.Response().Status < 300 && failureOf(err).status >= 300
}

func (s *Server) record(c echo.Context, made *call, took time.Duration, err error) {
	route := "none"
	if made.operation != nil {
		route = made.operation.template
	}
	method, status := methodLabel(c.Request().Method), c.Response().Status
	s.metrics.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	timed(c.Request().Context(), s.metrics.duration.WithLabelValues(route, method), took.Seconds())
	describeSpan(c, made, err)

	attributes := []slog.Attr{
		slog.String("route", route), slog.String("method", method), slog.Int("status", status),
		slog.Duration("took", took), slog.String("requestId", made.requestID),
		slog.String("traceparent", made.traceparent),
	}
	if made.caller.Actor.ID != "" {
		attributes = append(attributes, slog.String("caller", made.caller.Actor.ID))
	}
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
		if status == http.StatusServiceUnavailable {
			level = slog.LevelWarn
		}
		attributes = append(attributes, slog.Any("error", err))
		if p, ok := err.(*panicked); ok { //nolint:errorlint // made above, never wrapped
			attributes = append(attributes, slog.String("stack", string(p.stack)))
		}
	}
	s.Logger.LogAttrs(c.Request().Context(), level, "request", attributes...)
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	default:
		return "other"
	}
}
