package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Limits of a request.
const (
	maxBody        = 16 << 20          // bytes
	requestTimeout = 30 * time.Second  // for a handler; clients wait no longer for a write
	clockTimeout   = 110 * time.Second // for moving the sandbox clock; below WriteTimeout
	drainTimeout   = 8 * time.Second
)

// Options are what a Server needs. All are required unless they say otherwise.
type Options struct {
	App           App
	Authenticator Authenticator
	Idempotency   IdempotencyKeys
	OwnWrites     OwnWrites // nil: reads do not wait for them
	Service       Service
	Clock         eventlog.Clock
	Rules         device.Rules
	Windows       query.Windows
	// FingerprintKey keys the fingerprints of requests that carry an
	// Idempotency-Key, from which the ids of their commands follow: a secret in a
	// body cannot be guessed from them. The same on all instances.
	FingerprintKey []byte
	// Pages answers what is not the interface's, as a client of the handler that it is
	// given; nil: there are no pages.
	Pages func(api http.Handler) (http.Handler, error)
	// PublicURL is where clients reach the server, without a slash at the end.
	PublicURL string
	// Registry gets the server's own metrics and is what /metrics shows.
	Registry *prometheus.Registry
	Logger   *slog.Logger
	// RequestsPerSecond is what one caller may send for long, and in a burst
	// twice as many. Default 5,000.
	RequestsPerSecond int
}

// Server answers HTTP requests. It is an http.Handler.
type Server struct {
	Options
	described
	echo    *echo.Echo
	metrics *metrics
	large   chan struct{} // a slot for each large body being checked
	callers *callers
}

// NewServer makes a server. It fails when the metrics are registered already.
func NewServer(o Options) (*Server, error) {
	described, err := describe()
	if err != nil {
		return nil, fmt.Errorf("api: description: %w", err)
	}
	s := &Server{Options: o, described: described, large: make(chan struct{}, largeAtOnce), callers: newCallers(cmp.Or(o.RequestsPerSecond, defaultRate))}
	if s.metrics, err = newMetrics(o.Registry); err != nil {
		return nil, fmt.Errorf("api: metrics: %w", err)
	}
	s.echo = echo.New()
	s.echo.HideBanner, s.echo.HidePort = true, true
	// A request comes from its peer; headers that say otherwise are not trusted.
	s.echo.IPExtractor = echo.ExtractIPDirect()
	s.echo.Binder = jsonBinder{}
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.Pre(s.observe)
	if o.Pages != nil {
		pages, err := o.Pages(s)
		if err != nil {
			return nil, fmt.Errorf("api: pages: %w", err)
		}
		s.echo.Pre(leadingTo(pages))
	}
	s.echo.Pre(s.cleanPath)
	openapi.RegisterHandlers(router{s}, openapi.NewStrictHandler(handlers{s}, nil))
	s.registerService()
	return s, nil
}

// described is the description in the forms that a server uses.
type described struct {
	operations   map[string]*operation // by method and path
	verbs        map[string]bool
	documentJSON []byte
}

// describe reads the description, once per process: it is part of the program.
var describe = sync.OnceValues(func() (described, error) {
	document, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	if err == nil {
		err = document.Validate(context.Background())
	}
	if err != nil {
		return described{}, err
	}
	d := described{operations: operationsOf(document), verbs: customVerbs(document)}
	d.documentJSON, err = document.MarshalJSON()
	return d, err
})

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Serve answers the listener's requests until ctx ends, then gives those under
// way a few seconds to finish.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      120 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
		// Requests outlive ctx: they are drained.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("api: serve: %w", err)
	case <-ctx.Done():
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(draining); err != nil {
		return errors.Join(fmt.Errorf("api: drain: %w", err), server.Close())
	}
	return nil
}
