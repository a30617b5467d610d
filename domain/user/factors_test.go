package user_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

var (
	phone = user.Factor{ID: uuid.UUID{7}, Kind: user.OneTimeCodes, Name: "phone"}
	stick = user.Factor{ID: uuid.UUID{8}, Kind: user.Passkey, Name: "stick"}
	codes = uuid.UUID{9}
)

func add(f user.Factor) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideAddFactor(s, f) }
}

func remove(f user.Factor, required bool) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideRemoveFactor(s, f.ID, required) }
}

func replaceCodes(id uuid.UUID, count int) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideReplaceCodes(s, id, count) }
}

func useCode(id uuid.UUID, number int) decision {
	return func(s user.State) ([]domain.Event, error) { return user.DecideUseCode(s, id, number) }
}

func added(f user.Factor) user.SecondFactorAdded {
	return user.SecondFactorAdded{User: uid, Factor: f.ID, Kind: f.Kind, Named: account.Person{ID: uid, Name: f.Name}}
}

func removed(f user.Factor) user.SecondFactorRemoved {
	return user.SecondFactorRemoved{User: uid, Factor: f.ID, Kind: f.Kind, Named: account.Person{ID: uid, Name: f.Name}}
}

func TestFactors(t *testing.T) {
	t.Parallel()
	given(t).When(add(phone)).ThenRefused(user.CodeUserUnknown)
	given(t, invited).When(add(phone)).ThenRefused(user.CodeUserPending)
	s := given(t, invited, joined)
	s.When(remove(phone, false)).Then()
	s.When(user.DecideResetFactors).Then()
	one := s.When(add(phone)).Then(added(phone))
	one.When(add(phone)).Then()
	one.When(remove(phone, true)).ThenRefused(user.CodeLastFactor)
	one.When(remove(stick, true)).Then()
	two := one.When(add(stick)).Then(added(stick))
	two.When(remove(phone, true)).Then(removed(phone)).When(remove(stick, true)).ThenRefused(user.CodeLastFactor)
	none := one.When(remove(phone, false)).Then(removed(phone))
	if len(none.State.Factors) > 0 || len(one.State.Factors) != 1 || len(two.State.Factors) != 2 {
		t.Errorf("factors: %v, %v, %v", none.State.Factors, one.State.Factors, two.State.Factors)
	}
	lost := two.When(user.DecideResetFactors).Then(user.SecondFactorsReset{User: uid})
	lost.When(user.DecideResetFactors).Then()

	many := s
	for n := range byte(20) {
		many = many.When(add(user.Factor{ID: uuid.UUID{100 + n}, Kind: user.Passkey, Name: "x"})).ThenDone()
	}
	many.When(add(phone)).ThenRefused(user.CodeTooManyFactors)

	gone := two.When(erase).ThenDone()
	if f := gone.State.Factor(phone.ID); f.Name != account.Erased || two.State.Factor(phone.ID) != phone {
		t.Errorf("the name stays: %+v", f)
	}
	gone.When(add(phone)).ThenRefused(account.CodePersonErased)
	gone.When(user.DecideResetFactors).ThenRefused(user.CodeUserUnknown)
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	s := given(t, invited, joined)
	s.When(replaceCodes(codes, 2)).ThenRefused(user.CodeFactorMissing)
	s.When(useCode(uuid.Nil, 0)).ThenRefused(user.CodeFactorWrong)
	have := given(t, invited, joined, added(phone)).
		When(replaceCodes(codes, 2)).Then(user.RecoveryCodesReplaced{User: uid, Codes: codes, Count: 2})
	have.When(replaceCodes(codes, 2)).Then()
	for _, number := range []int{-1, 2} {
		have.When(useCode(codes, number)).ThenRefused(user.CodeFactorWrong)
	}
	have.When(useCode(uuid.UUID{1}, 0)).ThenRefused(user.CodeFactorWrong)
	used := have.When(useCode(codes, 1)).Then(user.RecoveryCodeUsed{User: uid, Codes: codes, Number: 1, Left: 1})
	used.When(useCode(codes, 1)).ThenRefused(user.CodeFactorWrong)
	used.When(useCode(codes, 0)).Then(user.RecoveryCodeUsed{User: uid, Codes: codes, Number: 0, Left: 0})
	anew := used.When(replaceCodes(uuid.UUID{10}, 2)).ThenDone()
	anew.When(useCode(codes, 0)).ThenRefused(user.CodeFactorWrong)
	anew.When(useCode(uuid.UUID{10}, 1)).ThenDone()
	// They end with the last factor, and are for active users.
	have.When(remove(phone, false)).ThenDone().When(useCode(codes, 0)).ThenRefused(user.CodeFactorWrong)
	have.When(user.DecideResetFactors).ThenDone().When(useCode(codes, 0)).ThenRefused(user.CodeFactorWrong)
	have.When(access(true)).ThenDone().When(useCode(codes, 0)).ThenRefused(user.CodeFactorWrong)
	have.When(erase).ThenDone().When(useCode(codes, 0)).ThenRefused(user.CodeFactorWrong)
}

// A session goes on as long as what it began with is in force.
func TestWhatASessionRestsOn(t *testing.T) {
	t.Parallel()
	bare := given(t, invited, joined)
	one := bare.When(add(phone)).ThenDone()
	recoverable := one.When(replaceCodes(codes, 2)).ThenDone()
	for name, is := range map[string]struct {
		state  user.State
		factor uuid.UUID
		proves bool
	}{
		"nothing, and there is nothing":      {bare.State, uuid.Nil, true},
		"a factor that is not":               {bare.State, phone.ID, false},
		"nothing, and there is a factor now": {one.State, uuid.Nil, false},
		"the factor":                         {one.State, phone.ID, true},
		"another factor":                     {one.State, stick.ID, false},
		"recovery codes":                     {recoverable.State, codes, true},
		"recovery codes that are none":       {one.State, codes, false},
		"replaced recovery codes":            {recoverable.When(replaceCodes(uuid.UUID{10}, 2)).ThenDone().State, codes, false},
		"a factor that was taken away":       {one.When(user.DecideResetFactors).ThenDone().State, phone.ID, false},
		"nothing, and all were taken away":   {one.When(user.DecideResetFactors).ThenDone().State, uuid.Nil, true},
	} {
		if is.state.Proves(is.factor) != is.proves {
			t.Errorf("%s: %t", name, !is.proves)
		}
	}
}

func TestFactorNames(t *testing.T) {
	t.Parallel()
	if name, problems := user.NormaliseFactorName(" Sam's phone "); name != "Sam's phone" || problems != nil {
		t.Errorf("%q, %v", name, problems)
	}
	for _, name := range []string{"", " ", "two\nlines", strings.Repeat("x", 61)} {
		if _, problems := user.NormaliseFactorName(name); len(problems) != 1 || problems[0].Code != user.CodeFactorName {
			t.Errorf("%q: %v", name, problems)
		}
	}
}
