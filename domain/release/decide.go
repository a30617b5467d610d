package release

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// DecideAddress says which account a request goes to, once and for all. It never
// refuses.
func DecideAddress(known, request, owner uuid.UUID) ([]domain.Event, error) {
	if known != uuid.Nil {
		return nil, nil
	}
	return []domain.Event{ReleaseAddressed{Request: request, Owner: owner}}, nil
}

// DecideRequest adds a request. An account has one open request per device, so
// another one changes nothing. It never refuses.
func DecideRequest(s State, r ReleaseRequested) ([]domain.Event, error) {
	if _, known := s.Find(r.Request); known {
		return nil, nil
	}
	if _, open := s.OpenFor(r.Device, r.Requester); open {
		return nil, nil
	}
	return []domain.Event{r}, nil
}

// DecideAnswer grants or denies a request. The same answer once more changes
// nothing.
func DecideAnswer(s State, uid uuid.UUID, grant bool) ([]domain.Event, error) {
	r, known := s.Find(uid)
	answer, e := Denied, domain.Event(ReleaseRequestDenied{Request: uid})
	if grant {
		answer, e = Granted, ReleaseRequestGranted{Request: uid}
	}
	switch {
	case !known || r.Answer == answer:
		return nil, nil
	case r.Answer != Open:
		return nil, domain.Refuse(answered(r.Answer))
	}
	return []domain.Event{e}, nil
}

// DecideGrantByItself grants a request that the account has not answered in
// time, see device.State.ReleasedByItself. One that has an answer, whichever, is
// unchanged: it never refuses.
func DecideGrantByItself(s State, uid uuid.UUID) ([]domain.Event, error) {
	if r, known := s.Find(uid); !known || r.Answer != Open {
		return nil, nil
	}
	return []domain.Event{ReleaseRequestGranted{Request: uid, ByItself: true}}, nil
}

// DecideEnd ends a request that has no answer yet, since one of its two accounts was
// closed. It never refuses.
func DecideEnd(s State, uid uuid.UUID, reason string) ([]domain.Event, error) {
	if r, known := s.Find(uid); !known || r.Answer != Open {
		return nil, nil
	}
	return []domain.Event{ReleaseRequestEnded{Request: uid, Reason: reason}}, nil
}
