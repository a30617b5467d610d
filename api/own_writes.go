package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// OwnWrites keeps what callers wrote last, for their next reads on whichever
// instance.
type OwnWrites interface {
	// Note keeps the position that a credential has written.
	Note(ctx context.Context, credential []byte, p eventlog.Position) error
}

// ownWritesTimeout bounds noting a write.
const ownWritesTimeout = 5 * time.Second

// readsOwnWrites notes what the caller writes, and has its reads wait for that.
// Whoever says minPosition waits for that instead. A read learns of the writes
// in the query that tells how far the read model is, so it costs nobody a query
// of its own.
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
				c.SetRequest(c.Request().WithContext(query.AfterOwnWrites(c.Request().Context(), credential)))
			}
			return next(c)
		}
	}
}

// credential is the form in which a bearer token is known here. What it wrote in
// another epoch of the log is lost, and not waited for.
func (s *Server) credential(token string) []byte {
	h := hmac.New(sha256.New, s.FingerprintKey)
	h.Write([]byte("credential\x00" + s.Epoch.Scope(token)))
	return h.Sum(nil)
}

// noteOwnWrite notes the position of an answer that is about to be sent: of a write
// of the caller's, or of one by others that it was refused for, so that reading again
// shows it. A failure is only logged: the write itself is done.
func (s *Server) noteOwnWrite(c echo.Context, credential []byte) {
	p, err := s.Epoch.ParsePosition(c.Response().Header().Get("X-Position"))
	if err != nil || p == (eventlog.Position{}) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), ownWritesTimeout)
	defer cancel()
	if err := s.OwnWrites.Note(ctx, credential, p); err != nil {
		s.Logger.WarnContext(ctx, "the caller's next read may miss this write", "error", err)
	}
}
