package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// MetricsAccess says who sees the measurements at the server's own address, beside the
// operator.
type MetricsAccess struct {
	// Token is what others send as Authorization: Bearer; empty: there is none.
	Token string
	// Elsewhere says that they have an address of their own.
	Elsewhere bool
}

// admits reports whether a request carries the token.
func (m MetricsAccess) admits(r *http.Request) bool {
	token, err := bearerToken(r.Header.Values("Authorization"))
	if err != nil || m.Token == "" {
		return false
	}
	sent, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(m.Token))
	return subtle.ConstantTimeCompare(sent[:], want[:]) == 1
}

// ownRequest reports whether a request was made on this machine, by nobody in front: what
// a proxy hands on says so by a header, also where no proxy is trusted.
func ownRequest(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && r.Context().Value(forwardedKey{}) == nil
}

// forwardedKey marks requests that came through something in front.
type forwardedKey struct{}

func forwarded(r *http.Request) bool {
	for _, name := range []string{forwardedFor, forwardedProto, "Forwarded", "Via", "X-Real-Ip"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

func markForwarded(ctx context.Context) context.Context {
	return context.WithValue(ctx, forwardedKey{}, true)
}

// operates reports whether a request carries a credential of the operator.
func (s *Server) operates(r *http.Request) bool {
	token, err := bearerToken(r.Header.Values("Authorization"))
	if err != nil {
		return false
	}
	caller, err := s.Authenticator.Authenticate(r.Context(), token)
	return err == nil && caller.Operator()
}

// measurements shows the metrics to those who may see them: without a token of their own
// and an address of their own, also to whoever asks on this machine.
func (s *Server) measurements(c echo.Context) error {
	r := c.Request()
	open := s.MetricsAccess.Token == "" && !s.MetricsAccess.Elsewhere && ownRequest(r)
	if !open && !s.MetricsAccess.admits(r) && !s.operates(r) {
		return unauthenticated("The measurements are the operator's; send its token, or the one that is configured for them.")
	}
	return echo.WrapHandler(s.measured())(c)
}

func (s *Server) measured() http.Handler {
	return promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// ServeMetrics answers at an address of their own until ctx ends: to whoever reaches it or,
// where there is a token, sends it.
func (s *Server) ServeMetrics(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Metrics(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("api: serve measurements: %w", err)
	}
	return nil
}

// Metrics is the measurements alone.
func (s *Server) Metrics() http.Handler {
	show := s.measured()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header(), Encrypted(r))
		switch {
		case r.URL.Path != "/metrics":
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "GET only", http.StatusMethodNotAllowed)
		case s.MetricsAccess.Token != "" && !s.MetricsAccess.admits(r):
			w.Header().Set("Www-Authenticate", `Bearer realm="fleetledger metrics"`)
			http.Error(w, "send the token of the measurements", http.StatusUnauthorized)
		default:
			show.ServeHTTP(w, r)
		}
	})
}
