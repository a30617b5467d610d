package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/adapters/postgres"
)

// kept are the headers of an answer that are its content; the rest belongs to
// the one request.
var kept = []string{"Content-Type", "Location", "Etag", "X-Position"}

// commandSpace makes the ids of commands that carry a key.
var commandSpace = uuid.MustParse("7d0c1f7e-6a8b-5f4e-9b60-0a3f1c5e2d94")

// idempotent answers a write with a key once: a repeat gets the first answer.
// When the process died over the first, the repeat is the same command again,
// with the same id, and app carries on where it stopped.
func (s *Server) idempotent(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if !op.write || op.public {
			return next
		}
		return func(c echo.Context) error {
			key := c.Request().Header.Get("Idempotency-Key") // its form was checked
			if key == "" {
				return next(c)
			}
			request := s.keyedRequest(c, key)
			if op.secret {
				// Nothing is kept: the same command gives the same answer.
				callOf(c.Request().Context()).command = uuid.NewSHA1(commandSpace, []byte(request.Caller+"\x00"+request.Key))
				return next(c)
			}
			callOf(c.Request().Context()).command = uuid.NewSHA1(commandSpace,
				[]byte(request.Caller+"\x00"+request.Key+"\x00"+string(request.Fingerprint)))
			claim, answer, err := s.Idempotency.Begin(c.Request().Context(), request)
			switch {
			case errors.Is(err, postgres.ErrKeyReused):
				return fail(codeKeyReused, "The idempotency key was used for another request.")
			case errors.Is(err, postgres.ErrKeyBusy):
				return fail(codeKeyBusy, "The first request with this idempotency key is still running.")
			case err != nil:
				return fmt.Errorf("idempotency key: %w", err)
			case answer != nil:
				return replay(c, answer)
			}
			return s.answerOnce(c, next, claim)
		}
	}
}

// keyedRequest scopes the key to the caller and the account acted for, and
// fingerprints the request.
func (s *Server) keyedRequest(c echo.Context, key string) postgres.KeyedRequest {
	r := c.Request()
	made := callOf(r.Context())
	h := hmac.New(sha256.New, s.FingerprintKey)
	for _, part := range []string{r.Method, r.URL.Path, r.URL.RawQuery, made.mediaType} {
		fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	h.Write(made.body)
	actor := made.caller.Actor
	return postgres.KeyedRequest{
		Caller:      strings.Join([]string{string(actor.Kind), actor.ID, made.caller.ActingFor.String()}, "/"),
		Key:         key,
		Fingerprint: h.Sum(nil),
	}
}

func replay(c echo.Context, a *postgres.Answer) error {
	header := c.Response().Header()
	for name, values := range a.Headers {
		header[name] = values
	}
	header.Set("Idempotent-Replayed", "true")
	return writeAnswer(c.Response(), a.Status, a.Body)
}

// writeAnswer sends a status and a body; of an answer without content not even
// an empty one.
func writeAnswer(w http.ResponseWriter, status int, body []byte) error {
	w.WriteHeader(status)
	if len(body) == 0 {
		return nil
	}
	_, err := w.Write(body)
	return err
}

// answerOnce carries the request out and keeps the answer before it is sent:
// whoever has seen an answer sees the same one again.
func (s *Server) answerOnce(c echo.Context, next echo.HandlerFunc, claim postgres.Claim) error {
	response := c.Response()
	recorded := &recorder{header: response.Header()}
	direct := response.Writer
	response.Writer = recorded
	settled := false
	defer func() {
		response.Writer = direct
		if !settled {
			s.settle(c, "abandon", func(ctx context.Context) error { return s.Idempotency.Abandon(ctx, claim) })
		}
	}()
	err := next(c)
	if err != nil {
		if f := failureOf(err); f.status >= http.StatusInternalServerError || f.passing {
			return err // may go well next time
		}
		s.answerError(err, c)
	}
	answer := postgres.Answer{Status: recorded.status, Headers: map[string][]string{}, Body: recorded.body.Bytes()}
	for _, name := range kept {
		if values := recorded.header.Values(name); len(values) > 0 {
			answer.Headers[name] = values
		}
	}
	settled = true
	s.settle(c, "finish", func(ctx context.Context) error { return s.Idempotency.Finish(ctx, claim, answer) })
	return writeAnswer(direct, recorded.status, recorded.body.Bytes())
}

const settleTimeout = 5 * time.Second

// settle releases the key or stores its answer. The request's own deadline may have
// passed; the key is settled all the same. A failure is only logged: the
// command itself is done, and unsettled the key's lock runs out by itself.
func (s *Server) settle(c echo.Context, what string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), settleTimeout)
	defer cancel()
	if err := do(ctx); err != nil {
		s.Logger.WarnContext(ctx, "idempotency key", "step", what, "error", err)
	}
}

// recorder keeps an answer back.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}
