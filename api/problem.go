package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api/codes"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// retryAfter is how long a client is asked to wait, in seconds, when the same
// request may go well a moment later.
const retryAfter = "1"

// maxErrors bounds errors[] of one answer; a body may have a hundred thousand
// items, each of them wrong.
const maxErrors = 1000

// failure is an error that knows its answer.
type failure struct {
	status   int
	problems []domain.Problem // at least one
	passing  bool             // the same request may go well a moment later
	header   http.Header
}

func (f *failure) Error() string {
	return fmt.Sprintf("%d %s: %s", f.status, f.problems[0].Code, f.problems[0].Detail)
}

func fail(code edgeCode, detail string) *failure {
	return &failure{status: code.status, passing: code.passing, problems: []domain.Problem{{Code: code.code, Detail: detail}}}
}

// badRequest is the 400 for problems of form, nil when there are none.
func badRequest(problems []domain.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &failure{status: http.StatusBadRequest, problems: problems}
}

// malformed is the 400 for one value.
func malformed(pointer, code, detail string) *failure {
	return &failure{status: http.StatusBadRequest, problems: []domain.Problem{{Pointer: pointer, Code: code, Detail: detail}}}
}

// failureOf finds the answer to an error. An unforeseen one is a 500 that
// reveals nothing.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if r, ok := errors.AsType[*domain.Refusal](err); ok && len(r.Problems) > 0 {
		return refused(r)
	}
	if f := failureOfApp(err); f != nil {
		return f
	}
	if h, ok := errors.AsType[*echo.HTTPError](err); ok {
		return failureOfRouter(h)
	}
	return fail(codeInternal, "Something went wrong here. The request id helps to find out what.")
}

func failureOfApp(err error) *failure {
	if many, ok := errors.AsType[*people.TooManyAttempts](err); ok {
		return tooManyAttempts(many)
	}
	switch {
	case errors.Is(err, identity.ErrUnknownToken), errors.Is(err, access.ErrAccountClosed):
		return unauthenticated("The token is not known, or no longer valid.")
	case errors.Is(err, query.ErrNotFound):
		return fail(codeNotFound, "There is no such thing, or it is not for this caller to see.")
	case errors.Is(err, access.ErrForbidden):
		return forbidden(err)
	case errors.Is(err, access.ErrAddressNotAdmitted):
		return fail(codeAddressNotAdmitted, "This account is not to be used from this address.")
	case errors.Is(err, query.ErrBadCursor):
		return malformed("", codeCursorInvalid, "The cursor was not made by this list in this sort order.")
	case errors.Is(err, command.ErrPrecondition):
		return fail(codeRevisionMismatch, "It has changed since; read it again.")
	case errors.Is(err, eventlog.ErrBusy):
		return fail(codeBusy, "Others are changing the same thing at the moment.")
	case errors.Is(err, query.ErrNotCaughtUp):
		return fail(codeNotCaughtUp, "The read model has not reached this position yet.")
	case errors.Is(err, eventlog.ErrUnavailable):
		return fail(codeLogUnavailable,
			"The event store does not answer at the moment. Repeat with the same Idempotency-Key.")
	case errors.Is(err, ports.ErrIssuerUnavailable):
		return fail(codeIssuerUnavailable,
			"The issuer that people sign in at does not answer as it should at the moment.")
	case errors.Is(err, query.ErrUnavailable), postgres.IsUnavailable(err):
		return fail(codeDBUnavailable, "The database does not answer at the moment.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fail(codeTimeout, "The request took too long.")
	}
	return nil
}

func tooManyAttempts(e *people.TooManyAttempts) *failure {
	f := fail(codeTooManyRequests, "There were too many attempts to sign in. Wait before the next one.")
	seconds := strconv.Itoa(int(math.Ceil(e.Wait.Seconds())))
	f.header = http.Header{"Retry-After": {seconds}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {seconds}}
	return f
}

// forbidden names the right that is missing: the caller can see the account,
// so it may know.
func forbidden(err error) *failure {
	missing, ok := errors.AsType[*access.Forbidden](err)
	if !ok {
		return fail(codeForbidden, "This caller may not do that.")
	}
	f := fail(codeForbidden, fmt.Sprintf("Needs %s on the platform, which this caller does not have.", missing.Right))
	f.problems[0].Facts = map[string]string{"right": string(missing.Right)}
	if missing.Account != uuid.Nil {
		f.problems[0].Code = device.CodeMissingRight
		f.problems[0].Detail = fmt.Sprintf("Needs %s in %s.", missing.Right, cmp.Or(missing.Name, "the account"))
		f.problems[0].Facts["account"] = missing.Account.String()
	}
	return f
}

// refused answers with all problems. The status is theirs where they agree on
// one, else 422.
func refused(r *domain.Refusal) *failure {
	status := func(p domain.Problem) int { return statusOf[p.Kind] }
	f := &failure{status: status(r.Problems[0]), problems: r.Problems}
	if slices.ContainsFunc(r.Problems, func(p domain.Problem) bool { return status(p) != f.status }) {
		f.status = http.StatusUnprocessableEntity
	}
	if slices.ContainsFunc(r.Problems, func(p domain.Problem) bool { return p.Kind == domain.Busy }) {
		f.passing = true
	}
	return f
}

func failureOfRouter(h *echo.HTTPError) *failure {
	switch h.Code {
	case http.StatusNotFound:
		return fail(codeNotFound, "There is nothing at this address.")
	case http.StatusMethodNotAllowed:
		return fail(codeMethodNotAllowed, "This method does not work here; the header Allow says which do.")
	case http.StatusBadRequest: // a parameter that passed the schema and could not be bound
		return malformed("", codeInvalidValue, "A parameter could not be read.")
	default:
		return fail(codeInternal, "Something went wrong here. The request id helps to find out what.")
	}
}

func unauthenticated(detail string) *failure {
	f := fail(codeUnauthenticated, detail)
	f.header = http.Header{"Www-Authenticate": {`Bearer realm="fleetledger"`}}
	return f
}

// writeProblem answers with problem details (RFC 9457).
func writeProblem(w http.ResponseWriter, f *failure, requestID string) error {
	body, err := json.Marshal(problemBody(f, requestID))
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	header := w.Header()
	for name, values := range f.header {
		header[name] = values
	}
	if f.passing && header.Get("Retry-After") == "" {
		header.Set("Retry-After", retryAfter)
	}
	header.Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.status)
	_, err = w.Write(append(body, '\n'))
	return err
}

func problemBody(f *failure, requestID string) openapi.Problem {
	first := f.problems[0]
	p := openapi.Problem{
		Type:      codes.Page(first.Code),
		Title:     http.StatusText(f.status),
		Status:    f.status,
		Code:      first.Code,
		Detail:    first.Detail,
		RequestId: requestID,
	}
	if len(f.problems) == 1 && first.Pointer == "" && first.Facts == nil && first.Remedies == nil {
		return p
	}
	reported := f.problems[:min(len(f.problems), maxErrors)]
	list := make([]openapi.ProblemError, len(reported))
	for i, one := range reported {
		list[i] = openapi.ProblemError{Code: one.Code, Detail: one.Detail, Pointer: present(one.Pointer), Facts: facts(one.Facts)}
		if len(one.Remedies) > 0 {
			r := remedies(one.Remedies)
			list[i].Remedies = &r
		}
	}
	p.Errors = &list
	if len(f.problems) > 1 {
		p.Detail = fmt.Sprintf("%d problems; the first: %s", len(reported), first.Detail)
	}
	return p
}
