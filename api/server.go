package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/turns"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Limits of a request.
const (
	requestTimeout = 30 * time.Second  // for a handler; clients wait no longer for a write
	longTimeout    = 110 * time.Second // for moving the sandbox clock, exports and streams of events; below WriteTimeout
	writeTimeout   = 120 * time.Second // for the handler and its answer
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
	Epoch         eventlog.Epoch // goes with every position and tag; zero: they are numbers alone
	Rules         device.Rules
	Windows       query.Windows
	// FingerprintKey keys the fingerprints of requests that carry an
	// Idempotency-Key, from which the ids of their commands follow: a secret in a
	// body cannot be guessed from them. The same on all instances.
	FingerprintKey []byte
	// Pages answers what is not the interface's, as a client of the handler that it is
	// given, and with room for large forms; nil: there are no pages.
	Pages func(api http.Handler, room Room) (http.Handler, error)
	// PublicURL is where clients reach the server, without a slash at the end.
	PublicURL string
	// TrustedProxies are the proxies in front whose X-Forwarded-For and -Proto are
	// believed; nil: none.
	TrustedProxies []netip.Prefix
	// MetricsAccess says who sees the measurements of Registry.
	MetricsAccess MetricsAccess
	// Registry gets the server's own metrics and is what /metrics shows.
	Registry *prometheus.Registry
	Tracing  *Tracing // nil: requests make no spans
	Logger   *slog.Logger
	// RequestsPerMinute is what one account may send for long. Default 300,000.
	RequestsPerMinute int
	// RequestsAtOnce is how many requests of one account may be under way, those that wait
	// for their turn included. Default 400.
	RequestsAtOnce int
}

// Server answers HTTP requests. It is an http.Handler.
type Server struct {
	Options
	described
	outermost http.Handler
	echo      *echo.Echo
	metrics   *metrics
	// Room for large bodies, in bytes.
	reading, checking *turns.Turns
	handling          *turns.Turns // places for requests at work
	callers           *callers
	feeds             *callers // the readers of calendars, by their tokens
	proxies           proxies
	stopping          context.Context // ends when the server is to stop: who waits for news is answered
	stop              context.CancelFunc
}

// NewServer makes a server. It fails when the metrics are registered already.
func NewServer(o Options) (*Server, error) {
	described, err := describe()
	if err != nil {
		return nil, fmt.Errorf("api: description: %w", err)
	}
	s := &Server{
		Options: o, described: described, reading: turns.New(readingRoom), checking: turns.New(checkingRoom), handling: turns.New(handlingPlaces(o.RequestsAtOnce)),
		callers: newCallers(cmp.Or(o.RequestsPerMinute, defaultRate)), feeds: newCallers(feedRate),
		proxies: newProxies(o.TrustedProxies),
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	if s.metrics, err = newMetrics(o.Registry); err != nil {
		return nil, fmt.Errorf("api: metrics: %w", err)
	}
	s.outermost = o.Tracing.handler(s.answer)
	s.echo = echo.New()
	s.echo.HideBanner, s.echo.HidePort = true, true
	// ServeHTTP has asked the trusted proxies already.
	s.echo.IPExtractor = echo.ExtractIPDirect()
	s.echo.Binder = jsonBinder{}
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.Pre(s.observe)
	if o.Pages != nil {
		pages, err := o.Pages(s, s.Room)
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
	operations   map[string]*operation // by method and path as they are registered
	verbs        map[string]bool
	documentJSON []byte
	version      string
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
	d := described{operations: operationsOf(document), verbs: customVerbs(document), version: document.Info.Version}
	d.documentJSON, err = document.MarshalJSON()
	return d, err
})

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.outermost.ServeHTTP(w, r) }

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	r, answered := paced(w, s.proxies.resolved(r))
	defer answered()
	s.echo.ServeHTTP(w, r)
}

// Serve answers the listener's requests until ctx ends, then gives those under
// way a few seconds to finish.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		// Bodies have a pace of their own instead of a ReadTimeout.
		WriteTimeout:   writeTimeout,
		IdleTimeout:    120 * time.Second,
		MaxHeaderBytes: 32 << 10,
		HTTP2: &http.HTTP2Config{
			// What is sent and not read yet waits in memory.
			MaxConcurrentStreams: 100, MaxReceiveBufferPerConnection: 256 << 10, MaxReceiveBufferPerStream: 64 << 10,
		},
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
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
	s.stop()
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(draining); err != nil {
		return errors.Join(fmt.Errorf("api: drain: %w", err), server.Close())
	}
	return nil
}
