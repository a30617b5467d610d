package api

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain"
)

// named notes which operation was asked for and sets its deadline.
func (s *Server) named(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			made := callOf(c.Request().Context())
			made.operation, made.client = op, c.Request().Context()
			defer s.begin(c, made, op)()
			return next(c)
		}
	}
}

// begin gives a request its time, and the answer its own: once more when a body has come,
// which may have taken longer than both.
func (s *Server) begin(c echo.Context, made *call, op *operation) (end func()) {
	timeout := requestTimeout
	if op != nil && (op.id == "moveSandboxClock" || op.id == "exportAudit" || op.id == "readEvents") {
		timeout = longTimeout
	}
	ctx, cancel := context.WithTimeout(made.client, timeout)
	c.SetRequest(c.Request().WithContext(ctx))
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(writeTimeout)) // not in tests
	return cancel
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
			caller, err := s.callerOf(r.Context(), op, token)
			if err != nil {
				return err
			}
			caller.From = made.from
			made.caller = caller
			if s.App.SecurityLog != nil { // tests of the edge alone have none
				s.App.SecurityLog.OperatorToken(r.Context(), caller, made.from)
			}
			if caller.FactorMissing && !op.factorless {
				return access.ErrFactorRequired
			}
			if err := s.App.Accounts.Admit(r.Context(), caller, made.from); err != nil {
				return err
			}
			if caller.Session != uuid.Nil || caller.Token != uuid.Nil {
				s.App.People.NoteUse(r.Context(), caller, people.Visitor{From: made.from, Client: clientName(r.UserAgent())})
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
				schema, release, err := s.readBody(op, c.Request(), made)
				if release != nil {
					defer release()
				}
				if err != nil {
					return err
				}
				defer s.begin(c, made, op)()
				if len(made.body) > smallBody {
					place, err := s.checking.Take(c.Request().Context(), made.tenant(), int64(len(made.body)))
					if err != nil {
						return err
					}
					defer place.Leave()
				}
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
	if r.Status >= http.StatusBadRequest {
		return
	}
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

// readBody reads the body into the call and finds the schema it must have,
// nil where there is nothing to check.
func (s *Server) readBody(op *operation, r *http.Request, made *call) (_ *openapi3.Schema, release func(), err error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, nil, fail(codeContentType, "Send the body without Content-Encoding.")
	}
	data, release, err := s.readLimited(r, op, made.tenant())
	if err != nil || len(data) == 0 {
		return nil, release, err
	}
	mediaType, schema, err := op.bodySchema(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, release, err
	}
	made.body, made.mediaType = data, mediaType
	r.Header.Set("Content-Type", mediaType) // as the generated code spells it
	return schema, release, nil
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
