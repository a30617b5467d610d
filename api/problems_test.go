package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func TestErrorsOfTheApplicationBecomeProblems(t *testing.T) {
	t.Parallel()
	one := func(codes ...string) error {
		var problems []domain.Problem
		for _, c := range codes {
			kind := domain.Refused
			if strings.HasSuffix(c, "_taken") {
				kind = domain.Conflict
			}
			problems = append(problems, domain.Problem{Kind: kind, Code: c, Detail: "d"})
		}
		return domain.Refuse(problems...)
	}
	for name, c := range map[string]struct {
		err    error
		status int
		retry  bool
		codes  []string
	}{
		"business rule":       {one("offer_not_available"), 422, false, []string{"offer_not_available"}},
		"several":             {one("label_invalid", "name_taken"), 422, false, []string{"label_invalid", "name_taken"}},
		"name and e-mail":     {one("name_taken", "email_taken"), 409, false, []string{"name_taken", "email_taken"}},
		"device not found":    {domain.Refuse(device.NotFound()), 404, false, []string{"device_not_found"}},
		"busy device":         {domain.Refuse(device.Busy()), 409, true, []string{"device_busy"}},
		"wrapped":             {fmt.Errorf("x: %w", one("name_invalid")), 422, false, []string{"name_invalid"}},
		"not found":           {fmt.Errorf("x: %w", query.ErrNotFound), 404, false, []string{"not_found"}},
		"operator only":       {&access.Forbidden{Right: rights.AccountsManage}, 403, false, []string{"forbidden"}},
		"missing right":       {&access.Forbidden{Right: rights.DevicesEdit, Account: customer}, 403, false, []string{"missing_right"}},
		"cursor":              {query.ErrBadCursor, 400, false, []string{"cursor_invalid"}},
		"precondition":        {command.ErrPrecondition, 412, false, []string{"revision_mismatch"}},
		"contention":          {eventlog.ErrBusy, 409, true, []string{"busy"}},
		"read model behind":   {query.ErrNotCaughtUp, 503, true, []string{"not_caught_up"}},
		"event store down":    {fmt.Errorf("x: %w", eventlog.ErrUnavailable), 503, true, []string{"event_store_unavailable"}},
		"read model down":     {query.ErrUnavailable, 503, true, []string{"database_unavailable"}},
		"database going down": {&pgconn.PgError{Code: "57P01", Message: "secret"}, 503, true, []string{"database_unavailable"}},
		"log without room":    {fmt.Errorf("x: %w", eventlog.ErrDiskFull), 503, true, []string{"disk_full"}},
		"database is full":    {&pgconn.PgError{Code: "53100", Message: "secret"}, 503, true, []string{"disk_full"}},
		"too slow":            {context.DeadlineExceeded, 503, true, []string{"timeout"}},
		"a bug":               {errors.New("SELECT secret FROM t"), 500, false, []string{"internal_error"}},
		"a database bug":      {&pgconn.PgError{Code: "42P01", Message: "secret relation"}, 500, false, []string{"internal_error"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newClient(t, options(&fake{err: c.err})).get("/v1/customers")
			got.is(c.status)
			codes := got.codes()
			if fmt.Sprint(codes) != fmt.Sprint(c.codes) {
				t.Errorf("codes %v, want %v", codes, c.codes)
			}
			if (got.header.Get("Retry-After") != "") != c.retry {
				t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
			}
			if strings.Contains(string(got.body), "secret") {
				t.Errorf("tells too much: %s", got.body)
			}
		})
	}
}

func TestProblemsOnTheWire(t *testing.T) {
	t.Parallel()
	err := domain.Refuse(
		domain.Problem{Kind: domain.Conflict, Code: "name_taken", Detail: "The name is taken.", Pointer: "/name"},
		domain.Problem{Kind: domain.Conflict, Code: "email_taken", Detail: "The address is taken.", Pointer: "/administrator/email", Facts: map[string]string{"a": "b"},
			Remedies: []domain.Remedy{{Code: "use_other", Detail: "Use another."}}},
	)
	got := newClient(t, options(&fake{err: err})).post("/v1/customers", newCustomer, "X-Request-Id: r1").is(409)
	golden(t, "problem.json", got.body)
	if got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("Content-Type %q", got.header.Get("Content-Type"))
	}
}

func TestAPanicIsA500AndLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	o := options(&fake{duringCall: func() { panic("secret state") }})
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c := newClient(t, o)
	got := c.get("/v1/customers", "X-Request-Id: find-me").refusedWith(500, "internal_error")
	if strings.Contains(string(got.body), "secret") || strings.Contains(string(got.body), ".go:") {
		t.Errorf("tells too much: %s", got.body)
	}
	for _, wanted := range []string{"find-me", "secret state", "fake_test.go"} {
		if !strings.Contains(log.String(), wanted) {
			t.Errorf("the log lacks %q: %s", wanted, log.String())
		}
	}
	c.get("/healthz").is(200)
}
