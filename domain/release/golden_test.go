package release_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/domaintest"
	"github.com/fleetledger/fleetledger/domain/release"
)

func id(n byte) uuid.UUID { return uuid.UUID{0xb4, 6: 0x40, 8: 0x80, 15: n} }

// TestGolden: what is in the log stays readable, and is written as it was.
func TestGolden(t *testing.T) {
	t.Parallel()
	domaintest.Golden(t, release.Codec,
		release.ReleaseAddressed{Request: id(1), Owner: id(2)},
		release.ReleaseRequested{Request: id(1), Device: id(3), SerialNumber: "LB00000000000001", Requester: id(4)},
		release.ReleaseRequestGranted{Request: id(1), ByItself: true},
		release.ReleaseRequestDenied{Request: id(1)},
		release.ReleaseRequestEnded{Request: id(1), Reason: "The account was closed."},
	)
}

func TestOneAnswerPerRequest(t *testing.T) {
	t.Parallel()
	ask := func(n byte) domaintest.Decision[release.State] {
		return func(s release.State) ([]domain.Event, error) {
			return release.DecideRequest(s, release.ReleaseRequested{Request: id(n), Device: id(3), SerialNumber: "LB00000000000001", Requester: id(4)})
		}
	}
	answer := func(grant bool) domaintest.Decision[release.State] {
		return func(s release.State) ([]domain.Event, error) { return release.DecideAnswer(s, id(1), grant) }
	}
	s := domaintest.Given(t, release.Evolve).When(ask(1)).ThenDone()
	s.When(ask(1)).Then()
	s.When(ask(2)).Then() // one open request is enough
	granted := s.When(answer(true)).Then(release.ReleaseRequestGranted{Request: id(1)})
	granted.When(answer(true)).Then()
	granted.When(answer(false)).ThenRefused(release.CodeAnswered)
	granted.When(ask(2)).ThenDone()
	s.When(answer(false)).ThenDone().When(answer(true)).ThenRefused(release.CodeAnswered)
	byItself := func(s release.State) ([]domain.Event, error) { return release.DecideGrantByItself(s, id(1)) }
	overdue := s.When(byItself).Then(release.ReleaseRequestGranted{Request: id(1), ByItself: true})
	if r := overdue.State.Requests[0]; r.Answer != release.Granted || !r.ByItself || granted.State.Requests[0].ByItself {
		t.Errorf("%+v", r)
	}
	overdue.When(byItself).Then()
	overdue.When(answer(true)).Then()
	overdue.When(answer(false)).ThenRefused(release.CodeAnswered)
	s.When(answer(false)).ThenDone().When(byItself).Then()
	domaintest.Given(t, release.Evolve).When(byItself).Then()

	end := func(s release.State) ([]domain.Event, error) { return release.DecideEnd(s, id(1), "closed") }
	ended := s.When(end).Then(release.ReleaseRequestEnded{Request: id(1), Reason: "closed"})
	ended.When(end).Then()
	ended.When(answer(true)).ThenRefused(release.CodeAnswered)
	ended.When(byItself).Then()
	ended.When(ask(2)).ThenDone()
	granted.When(end).Then()
	domaintest.Given(t, release.Evolve).When(end).Then()
	if s.State.Requests[0].Answer != release.Open {
		t.Error("folding has changed the state before")
	}
}
