package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

func change(known, credential uuid.UUID) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideChangePassword(s, known, credential)
	}
}

func request(number int, token string) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideRequestReset(s, user.Reset{Number: number, TokenHash: []byte(token), Expires: sent.Add(time.Hour)})
	}
}

func reset(token string, credential uuid.UUID, at time.Time) decision {
	return func(s user.State) ([]domain.Event, error) {
		return user.DecideResetPassword(s, []byte(token), credential, at)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	second, third := uuid.UUID{4}, uuid.UUID{5}
	s := given(t, invited, joined)
	s.When(change(second, third)).ThenRefused(user.CodePasswordWrong)
	s.When(reset("", second, sent)).ThenRefused(user.CodeResetUnknown)
	given(t).When(change(uuid.Nil, second)).ThenRefused(user.CodeUserUnknown)
	given(t, invited).When(request(1, "one")).Then()
	given(t, invited, joined, user.UserErased{User: uid}).When(request(1, "one")).Then()

	changed := s.When(change(credential, second)).Then(user.PasswordChanged{User: uid, Credential: second})
	changed.When(change(credential, third)).ThenRefused(user.CodePasswordWrong)

	asked := changed.When(request(1, "one")).ThenDone()
	last := sent.Add(time.Hour - time.Nanosecond)
	asked.When(reset("two", third, sent)).ThenRefused(user.CodeResetUnknown)
	asked.When(reset("one", third, sent.Add(time.Hour))).ThenRefused(user.CodeResetExpired)
	again := asked.When(request(2, "two")).ThenDone()
	again.When(reset("one", third, sent)).ThenRefused(user.CodeResetUnknown)
	done := again.When(reset("two", third, last)).Then(user.PasswordChanged{User: uid, Credential: third, Reset: 2})
	done.When(reset("two", second, last)).ThenRefused(user.CodeResetUnknown)
	if diff := cmp.Diff(user.Reset{Number: 2}, done.State.Reset); diff != "" {
		t.Error(diff)
	}
	again.When(change(second, third)).ThenDone().When(reset("two", second, sent)).ThenRefused(user.CodeResetUnknown)
	again.When(access(true)).ThenDone().When(reset("two", third, sent)).ThenRefused(user.CodeResetUnknown)
	gone := again.When(erase).ThenDone()
	gone.When(reset("two", third, sent)).ThenRefused(user.CodeResetUnknown)
	gone.When(change(second, third)).ThenRefused(user.CodeUserUnknown)
}
