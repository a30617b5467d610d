package audit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

var (
	uid, first, second = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	ada                = account.Person{ID: uid, Email: "ada@auditors.example", Name: "Ada"}
	now                = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	until              = now.AddDate(0, 1, 0)
	granted            = audit.AuditGranted{
		Grant: uid, Auditor: ada, Accounts: []uuid.UUID{first, second}, Expires: until, TokenHash: []byte("hash"),
	}
)

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[audit.State] {
	t.Helper()
	return domaintest.Given(t, audit.Evolve, events...)
}

func grant(expires time.Time) domaintest.Decision[audit.State] {
	return func(s audit.State) ([]domain.Event, error) {
		return audit.DecideGrant(s, audit.Grant{
			UID: uid, Auditor: ada, Accounts: []uuid.UUID{first, second}, Expires: expires, TokenHash: []byte("hash"),
			Now: now, Longest: 366 * 24 * time.Hour,
		})
	}
}

func TestGrant(t *testing.T) {
	t.Parallel()
	s := given(t).When(grant(until)).Then(granted)
	s.When(grant(until)).Then()
	given(t).When(grant(now)).ThenRefused(audit.CodeExpiryInvalid)
	given(t).When(grant(now.AddDate(0, 0, 366))).ThenDone()
	given(t).When(grant(now.AddDate(0, 0, 366).Add(time.Second))).ThenRefused(audit.CodeExpiryInvalid)

	for at, want := range map[time.Time]audit.Status{
		now: audit.Active, until.Add(-time.Nanosecond): audit.Active, until: audit.Expired,
	} {
		if got := s.State.StatusAt(at); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	given(t).When(audit.DecideRevoke).ThenRefused(audit.CodeGrantUnknown)
	s := given(t, granted).When(audit.DecideRevoke).Then(audit.AuditGrantRevoked{Grant: uid})
	s.When(audit.DecideRevoke).Then()
	if got := s.State.StatusAt(now); got != audit.Revoked {
		t.Errorf("status %s", got)
	}
}

func TestEraseTheAuditor(t *testing.T) {
	t.Parallel()
	given(t).When(audit.DecideErase).ThenRefused(audit.CodeGrantUnknown)
	s := given(t, granted).When(audit.DecideErase).Then(audit.AuditorErased{Grant: uid})
	s.When(audit.DecideErase).Then()
	if s.State.Auditor != ada.Erase() || s.State.StatusAt(now) != audit.Revoked {
		t.Errorf("erased: %+v", s.State)
	}
	s.When(audit.DecideRevoke).ThenDone() // of use to whoever does not know of the erasure
}

func TestNormaliseAccounts(t *testing.T) {
	t.Parallel()
	got, problems := audit.NormaliseAccounts([]uuid.UUID{second, first, second})
	if diff := cmp.Diff([]uuid.UUID{first, second}, got); diff != "" || problems != nil {
		t.Error(diff, problems)
	}
	many := make([]uuid.UUID, audit.MaxAccounts+1)
	for i := range many {
		many[i] = uuid.New()
	}
	for _, bad := range [][]uuid.UUID{nil, {}, many} {
		if _, problems := audit.NormaliseAccounts(bad); len(problems) != 1 || problems[0].Code != audit.CodeAccountsInvalid {
			t.Errorf("%d accounts: %v", len(bad), problems)
		}
	}
}

// Whatever is done and however often, a grant that has ended stays so, and what
// is done again changes nothing.
func TestWhatHasEndedStaysSo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s audit.State
		ended := false
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			decide := rapid.SampledFrom([]domaintest.Decision[audit.State]{
				grant(until), audit.DecideRevoke, audit.DecideErase,
			}).Draw(t, "decision")
			events := domaintest.Allowed(decide(s))
			for _, e := range events {
				s = audit.Evolve(s, e)
			}
			if again := domaintest.Allowed(decide(s)); len(again) > 0 {
				t.Fatalf("done again: %v", again)
			}
			ended = ended || s.UID != uuid.Nil && s.StatusAt(now) == audit.Revoked
			if ended && s.StatusAt(now) == audit.Active {
				t.Fatalf("back again: %+v", s)
			}
		}
	})
}
