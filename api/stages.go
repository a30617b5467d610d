package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/domain"
)

// named notes which operation was asked for and sets its deadline.
func (s *Server) named(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			callOf(c.Request().Context()).operation = op
			timeout := requestTimeout
			if op != nil && op.id == "moveSandboxClock" {
				timeout = clockTimeout
			}
			ctx, cancel := context.WithTimeout(c.Request().Context(), timeout)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

var uuidPattern = regexp.MustCompile(uuidForm)

// authenticated finds the caller and the account it acts for.
func (s *Server) authenticated(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			made := callOf(r.Context())
			made.from, _ = netip.ParseAddr(c.RealIP())
			if op.public {
				return next(c)
			}
			token, err := bearerToken(r.Header.Values("Authorization"))
			if err != nil {
				return err
			}
			caller, err := s.Authenticator.Authenticate(r.Context(), token)
			if err != nil {
				return err
			}
			made.caller = caller
			if err := s.App.Accounts.Admit(r.Context(), caller, made.from); err != nil {
				return err
			}
			switch named := r.Header.Values("X-Account"); {
			case len(named) > 1:
				return malformed("#/header/X-Account", codeDuplicateParameter, "The header is given more than once.")
			case len(named) == 1 && !uuidPattern.MatchString(named[0]):
				return malformed("#/header/X-Account", codeInvalidFormat, "The header must be an account's UID.")
			case len(named) == 1:
				made.caller.ActingFor = uuid.MustParse(named[0])
			}
			return next(c)
		}
	}
}

func bearerToken(headers []string) (string, error) {
	const longest = 1000
	if len(headers) == 0 {
		return "", unauthenticated("Send a token as Authorization: Bearer TOKEN.")
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > longest {
		return "", unauthenticated("The header Authorization must be Bearer TOKEN.")
	}
	return token, nil
}

// wellFormed reads the body and checks the request against the description:
// everything that is wrong with its form is answered at once.
func (s *Server) wellFormed(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			made := callOf(c.Request().Context())
			made.command = uuid.Must(uuid.NewV7()) // fails only without a source of randomness
			problems := op.checkParameters(c.Request(), c.Param)
			if len(op.body) > 0 {
				schema, err := op.readBody(c.Request(), made)
				if err != nil {
					return err
				}
				release, err := s.roomFor(c.Request().Context(), len(made.body))
				if err != nil {
					return err
				}
				defer release()
				problems = append(problems, op.checkBody(schema, made)...)
			}
			if err := badRequest(problems); err != nil {
				return err
			}
			if asked := cmp.Or(c.QueryParam("asOf"), c.QueryParam("at")); asked != "" && aheadOf(s.Clock.Now(), asked) {
				c.Response().Before(func() { foretold(c.Response()) })
			}
			if op.query["dryRun"] && c.QueryParam("dryRun") == "true" {
				made.dryRun = true
				if !op.query["atomic"] {
					c.Response().Before(func() { rehearsed(c.Response()) })
				}
			}
			return next(c)
		}
	}
}

// rehearsed makes an answer one of a dry run: nothing was created, and there is
// nothing to find, to wait for or to match. Bulk answers say it themselves.
func rehearsed(r *echo.Response) {
	if r.Status == http.StatusCreated {
		r.Status = http.StatusOK
	}
	for _, name := range []string{"Location", "ETag", "X-Position"} {
		r.Header().Del(name)
	}
}

// foretold says of an answer that it is a forecast.
func foretold(r *echo.Response) {
	if r.Status < http.StatusBadRequest {
		r.Header().Set("X-Forecast", "true")
	}
}

// Checking a body takes up to twenty times its size. Small bodies do not
// matter; of large ones only a few are checked at the same time.
const (
	largeBody   = 1 << 20 // bytes
	largeAtOnce = 4
)

// roomFor waits until a body may be checked.
func (s *Server) roomFor(ctx context.Context, size int) (release func(), err error) {
	if size <= largeBody {
		return func() {}, nil
	}
	select {
	case s.large <- struct{}{}:
		return func() { <-s.large }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readBody reads the body into the call and finds the schema it must have,
// nil where there is nothing to check.
func (op *operation) readBody(r *http.Request, made *call) (*openapi3.Schema, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, fail(codeContentType, "Send the body without Content-Encoding.")
	}
	data, err := readLimited(r)
	if err != nil || len(data) == 0 {
		return nil, err
	}
	mediaType, schema, err := op.bodySchema(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	made.body, made.mediaType = data, mediaType
	r.Header.Set("Content-Type", mediaType) // as the generated code spells it
	return schema, nil
}

// checkBody checks the form of a body. CSV is checked row by row later.
func (op *operation) checkBody(schema *openapi3.Schema, made *call) []domain.Problem {
	switch {
	case len(made.body) == 0 && op.bodyNeeded:
		return []domain.Problem{{Code: codeBodyMissing, Detail: "The request needs a body."}}
	case made.mediaType == "application/json":
		return op.checkJSON(schema, made.body)
	default:
		return nil
	}
}

// readLimited reads a body of up to maxBody bytes, whether its length was
// announced or not.
func readLimited(r *http.Request) ([]byte, error) {
	tooLarge := fail(codeBodyTooLarge,
		fmt.Sprintf("The body is larger than %d MiB. Send it in several requests.", maxBody>>20))
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, malformed("", codeBodyUnreadable, "The body broke off.")
	}
	if len(data) > maxBody {
		return nil, tooLarge
	}
	return data, nil
}

// jsonBinder gives the generated code the body that was read and checked.
type jsonBinder struct{}

func (jsonBinder) Bind(target any, c echo.Context) error {
	body := callOf(c.Request().Context()).body
	if len(body) == 0 {
		return io.EOF // the generated code's word for no body
	}
	if err := json.Unmarshal(body, target); err != nil {
		return malformed("", codeJSONInvalid, "The body does not fit.")
	}
	return nil
}
