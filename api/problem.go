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
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api/codes"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// retryAfter is how long a client is asked to wait, in seconds, when the same
// request may go well a moment later.
const retryAfter = "1"

// fullRetryAfter is longer: somebody has to make room.
const fullRetryAfter = "10"

// maxErrors bounds errors[] of one answer; a body may have a hundred thousand
// items, each of them wrong.
const maxErrors = 1000

// failure is an error that knows its answer.
type failure struct {
	status   int
	problems []domain.Problem // at least one
	passing  bool             // the same request may go well a moment later
	before   bool             // the same request may go well after another one: it is not kept
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
		f := refused(r)
		if decided, ok := errors.AsType[*command.Refused](err); ok && decided.Position != (eventlog.Position{}) {
			f.header = http.Header{"X-Position": {decided.Position.String()}}
		}
		return f
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
	if many, ok := errors.AsType[*access.TooManyMails](err); ok {
		return tooManyMails(many)
	}
	if many, ok := errors.AsType[*transfers.TooManyPlans](err); ok {
		return tooManyFor(many.Wait, codeTooManyPlans,
			fmt.Sprintf("This account has %d transfer plans that have not expired, as many as it may have.", many.Most))
	}
	if many, ok := errors.AsType[*operations.TooMany](err); ok {
		f := fail(codeTooManyOperations, fmt.Sprintf("This account has %d operations under way, as many as it may have.", many.Most))
		f.header = http.Header{"Retry-After": {fullRetryAfter}}
		return f
	}
	switch {
	case errors.Is(err, identity.ErrUnknownToken), errors.Is(err, access.ErrAccountEnded):
		return unauthenticated("The token is not known, or no longer valid.")
	case errors.Is(err, query.ErrNotFound):
		return fail(codeNotFound, "There is no such thing, or it is not for this caller to see.")
	case errors.Is(err, access.ErrForbidden):
		return forbidden(err)
	case errors.Is(err, access.ErrAddressNotAdmitted):
		return fail(codeAddressNotAdmitted, "This account is not to be used from this address.")
	case errors.Is(err, access.ErrFactorRequired):
		return fail(codeFactorRequired, "The account requires a second factor. Set one up first.")
	case errors.Is(err, access.ErrFreshSignInRequired):
		return freshSignIn()
	case errors.Is(err, feed.ErrEventUnknown):
		return fail(codeLastEventUnknown, "The feed has no such event: it is of another log, or of one that was set back since.")
	case errors.Is(err, query.ErrBadCursor):
		return malformed("", codeCursorInvalid, "The cursor was not made by this list in this sort order.")
	case errors.Is(err, command.ErrPrecondition):
		return changed(err)
	case errors.Is(err, eventlog.ErrBusy):
		return fail(codeBusy, "Others are changing the same thing at the moment.")
	case errors.Is(err, query.ErrNotCaughtUp):
		return fail(codeNotCaughtUp, "The read model has not reached this position yet.")
	case errors.Is(err, eventlog.ErrDiskFull), postgres.IsDiskFull(err):
		f := fail(codeDiskFull, "There is no room to write anything; whoever runs the service has to make some.")
		f.header = http.Header{"Retry-After": {fullRetryAfter}}
		return f
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

// changed tells where to read again: at the position the ETag is the present one.
func changed(err error) *failure {
	f := fail(codeRevisionMismatch, "It has changed since; read it again.")
	if now, ok := errors.AsType[*command.Changed](err); ok && now.Revision >= 0 {
		f.header = http.Header{"Etag": {etag(now.Revision)}}
		if now.Position != (eventlog.Position{}) {
			f.header.Set("X-Position", now.Position.String())
		}
	}
	return f
}

// freshSignIn is not kept: the repeat with the same key, after signing in, is to go well.
func freshSignIn() *failure {
	f := fail(codeFreshSignIn, "This needs a fresh sign-in. Give your password once more.")
	f.before = true
	f.problems[0].Remedies = []domain.Remedy{{Code: "sign_in_again", Detail: "Sign in afresh in this session, then repeat the request."}}
	return f
}

func tooManyAttempts(e *people.TooManyAttempts) *failure {
	return tooManyFor(e.Wait, codeTooManyRequests, "There were too many attempts to sign in. Wait before the next one.")
}

// tooManyFor tells how long there is no room for one more.
func tooManyFor(wait time.Duration, code edgeCode, detail string) *failure {
	f := fail(code, detail)
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	f.header = http.Header{"Retry-After": {seconds}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {seconds}}
	return f
}

func tooManyMails(e *access.TooManyMails) *failure {
	detail, limit := "This address got as many of these mails within an hour as it gets. The last one works.", "recipient"
	if e.PerAccount {
		detail, limit = "This account caused as many mails within an hour as it may.", "account"
	}
	f := tooManyFor(e.Wait, codeTooManyMails, detail)
	f.problems[0].Facts = map[string]string{"limit": limit}
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
