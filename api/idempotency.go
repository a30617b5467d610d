package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
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
			// An answer kept in another epoch may tell of what is gone: the same command
			// is carried out again, and finds out what of it is there.
			request.Caller = s.Epoch.Scope(request.Caller)
			claim, answer, err := s.Idempotency.Begin(c.Request().Context(), request)
			switch {
			case err != nil:
				return keyFailure(err)
			case answer != nil:
				return s.repeated(c, next, answer)
			}
			return s.answerOnce(c, next, request, claim)
		}
	}
}

// keyFailure is the answer when a key cannot be had.
func keyFailure(err error) error {
	if busy, ok := errors.AsType[*postgres.KeyBusy](err); ok {
		f := fail(codeKeyBusy, "The first request with this idempotency key is still running.")
		f.header = http.Header{"Retry-After": {strconv.Itoa(max(1, int(math.Ceil(busy.Lock.Seconds()))))}}
		return f
	}
	if full, ok := errors.AsType[*postgres.KeysFull](err); ok {
		return tooManyFor(full.Wait, codeTooManyKeys,
			fmt.Sprintf("The answers for %d idempotency keys of this account are kept, as many as it may have.", full.Most))
	}
	if errors.Is(err, postgres.ErrKeyReused) {
		return fail(codeKeyReused, "The idempotency key was used for another request.")
	}
	if errors.Is(err, postgres.ErrAnswerErased) {
		return fail(codeAnswerErased, "The request was answered, and its answer told of a person who was erased since. It is not carried out again.")
	}
	return fmt.Errorf("idempotency key: %w", err)
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
		Account:     made.caller.Own(),
		Fingerprint: h.Sum(nil),
	}
}

// repeated gives the kept answer to a caller who has the rights still that the first one
// had: to one who has lost some, or comes with a token that has less, it may tell too
// much. For that one the same command is carried out again, which says what it may know.
func (s *Server) repeated(c echo.Context, next echo.HandlerFunc, answer *postgres.Answer) error {
	if answer.Rights == nil || s.App.Access == nil {
		return replay(c, answer)
	}
	ctx := c.Request().Context()
	holds, err := s.App.Access.StillHolds(ctx, callOf(ctx).caller, answer.Rights)
	switch {
	case err != nil:
		return err
	case !holds:
		return next(c)
	}
	return replay(c, answer)
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
// whoever has seen an answer sees the same one again. An answer that cannot be kept
// is not given: the repeat carries the same command on.
func (s *Server) answerOnce(c echo.Context, next echo.HandlerFunc, request postgres.KeyedRequest, claim postgres.Claim) error {
	release := s.Idempotency.Hold(c.Request().Context(), claim)
	defer release()
	response := c.Response()
	recorded := &recorder{header: response.Header()}
	made, held := callOf(c.Request().Context()), new(access.Held)
	made.caller = made.caller.Noting(held)
	direct := response.Writer
	response.Writer = recorded
	settled := false
	defer func() {
		response.Writer = direct
		if !settled {
			s.abandon(c, claim)
		}
	}()
	err := next(c)
	if err != nil {
		if f := failureOf(err); f.status >= http.StatusInternalServerError || f.passing || f.before {
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
	if answer.Rights, err = held.Marshal(); err != nil {
		return err
	}
	settled = true
	given, err := s.keep(c, request, claim, answer)
	response.Writer = direct
	if err == nil && given == nil {
		return writeAnswer(direct, recorded.status, recorded.body.Bytes())
	}
	forget(response)
	if err != nil {
		return err
	}
	return s.repeated(c, next, given)
}

// forget takes back an answer that was not sent.
func forget(r *echo.Response) {
	r.Committed, r.Size = false, 0
	for _, name := range kept {
		r.Header().Del(name)
	}
}

const settleTimeout = 5 * time.Second

// keep keeps an answer, and tries again while the database does not answer. The
// request's own deadline may have passed; it is kept all the same. When another
// request has taken the key over meanwhile, since this process stood still, the
// answer is the other one's, which is given.
func (s *Server) keep(c echo.Context, request postgres.KeyedRequest, claim postgres.Claim, answer postgres.Answer) (given *postgres.Answer, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), settleTimeout)
	defer cancel()
	for try := 0; ; try++ {
		err := s.Idempotency.Finish(ctx, claim, answer)
		if err == nil {
			return nil, nil
		}
		if errors.Is(err, postgres.ErrClaimLost) {
			if claim, given, err = s.Idempotency.Begin(ctx, request); given != nil {
				return given, nil
			}
			if errors.Is(err, postgres.ErrKeyBusy) || errors.Is(err, postgres.ErrKeyReused) || errors.Is(err, postgres.ErrAnswerErased) {
				return nil, keyFailure(err)
			}
		}
		if err != nil && command.Pause(ctx, try) != nil {
			return nil, keyFailure(err)
		}
	}
}

// abandon releases the key of a request that was not carried out. A failure is only
// logged: the key's lock runs out by itself.
func (s *Server) abandon(c echo.Context, claim postgres.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), settleTimeout)
	defer cancel()
	if err := s.Idempotency.Abandon(ctx, claim); err != nil {
		s.Logger.WarnContext(ctx, "idempotency key", "step", "abandon", "error", err)
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
