package apitest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Outcome is what a call gave, to be compared with what is expected.
type Outcome[R any] struct {
	answer R
	err    error
}

// When takes what a call gave:
//
//	customer := When(reseller.CreateCustomer(ctx, nil, alder)).Then(t).JSON201
//	When(stranger.GetDevice(ctx, serial, nil)).Refused(t, 404, "not_found")
func When[R any](answer R, err error) Outcome[R] { return Outcome[R]{answer, err} }

// Then expects success.
func (o Outcome[R]) Then(t testing.TB) R {
	t.Helper()
	if o.err != nil {
		t.Fatalf("refused: %v", o.err)
	}
	return o.answer
}

// Refused expects a problem of this status and these codes, all of them, each
// behind its pointer where it has one.
func (o Outcome[R]) Refused(t testing.TB, status int, codes ...string) *client.Problem {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](o.err)
	if !ok {
		t.Fatalf("not refused: %+v, %v", o.answer, o.err)
	}
	if p.Status != status {
		t.Fatalf("status %d, want %d: %v", p.Status, status, p)
	}
	if diff := cmp.Diff(codes, Codes(p.Problem)); diff != "" {
		t.Fatalf("problems (-want +got):\n%s\n%v", diff, p)
	}
	return p
}

// RefusedAs expects a problem of this status, whatever its codes.
func (o Outcome[R]) RefusedAs(t testing.TB, status int) *client.Problem {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](o.err)
	if !ok || p.Status != status {
		t.Fatalf("want status %d: %+v, %v", status, o.answer, o.err)
	}
	return p
}

// Codes are "pointer code" of all problems, the pointer left out where there
// is none.
func Codes(p openapi.Problem) []string {
	if p.Errors == nil {
		return []string{p.Code}
	}
	var codes []string
	for _, e := range *p.Errors {
		code := e.Code
		if e.Pointer != nil {
			code = *e.Pointer + " " + code
		}
		codes = append(codes, code)
	}
	return codes
}
