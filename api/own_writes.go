package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// OwnWrites lets callers read what they wrote, on whichever instance.
type OwnWrites interface {
	// Note keeps the position that a credential has written.
	Note(ctx context.Context, credential []byte, p eventlog.Position) error
	// Last is the last one noted, zero without one.
	Last(ctx context.Context, credential []byte) (eventlog.Position, error)
	// Await returns when the read models have reached a position.
	Await(ctx context.Context, p eventlog.Position) error
}

const (
	ownWritesPatience = time.Second     // of a read for the caller's own writes
	ownWritesTimeout  = 5 * time.Second // for noting a write
)

// readsOwnWrites has reads wait for what their credential wrote last, for a
// moment at most: the answer says how far it goes. Whoever says minPosition waits
// for that instead. The look-up runs beside the rest of the stages up to the
// handler, which look things up themselves, so that a read of somebody who wrote
// nothing takes no longer for it.
func (s *Server) readsOwnWrites(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op == nil || op.public || s.OwnWrites == nil {
			return next
		}
		return func(c echo.Context) error {
			token, err := bearerToken(c.Request().Header.Values("Authorization"))
			if err != nil {
				return next(c) // which refuses it
			}
			credential := s.credential(token)
			if op.write || op.id == "getOperation" { // what was done in the background is the caller's, too
				c.Response().Before(func() { s.noteOwnWrite(c, credential) })
			}
			if !op.write && op.query["minPosition"] && !c.QueryParams().Has("minPosition") {
				callOf(c.Request().Context()).ownWrite = s.lookUpOwnWrite(c.Request().Context(), credential)
			}
			return next(c)
		}
	}
}

// credential is the form in which a bearer token is known here.
func (s *Server) credential(token string) []byte {
	h := hmac.New(sha256.New, s.FingerprintKey)
	h.Write([]byte("credential\x00" + token))
	return h.Sum(nil)
}

func (s *Server) lookUpOwnWrite(ctx context.Context, credential []byte) <-chan eventlog.Position {
	found := make(chan eventlog.Position, 1)
	go func() {
		p, err := s.OwnWrites.Last(ctx, credential)
		if err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "a read does not wait for the caller's own writes", "error", err)
		}
		found <- p
	}()
	return found
}

// afterOwnWrites is the last stage before the handler.
func (s *Server) afterOwnWrites(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		if found := callOf(ctx).ownWrite; found != nil {
			if p := <-found; p != (eventlog.Position{}) {
				waiting, cancel := context.WithTimeout(ctx, ownWritesPatience)
				_ = s.OwnWrites.Await(waiting, p) // else what is there is answered
				cancel()
			}
		}
		return next(c)
	}
}

// noteOwnWrite notes the position of an answer that is about to be sent. A
// failure is only logged: the write itself is done.
func (s *Server) noteOwnWrite(c echo.Context, credential []byte) {
	p, err := eventlog.ParsePosition(c.Response().Header().Get("X-Position"))
	if err != nil || p == (eventlog.Position{}) || c.Response().Status >= http.StatusBadRequest {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), ownWritesTimeout)
	defer cancel()
	if err := s.OwnWrites.Note(ctx, credential, p); err != nil {
		s.Logger.WarnContext(ctx, "the caller's next read may miss this write", "error", err)
	}
}
