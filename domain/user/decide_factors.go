package user

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/text"
)

const (
	maxFactors    = 20 // of one user
	maxFactorName = 60 // characters
)

// NormaliseFactorName trims the name of a factor. It needs one: a user may have several.
func NormaliseFactorName(name string) (string, []domain.Problem) {
	shown, _, err := text.Name(name, maxFactorName)
	if err != nil {
		return "", problem(CodeFactorName, fmt.Sprintf("A second factor needs a name of one line, up to %d characters.", maxFactorName))
	}
	return shown, nil
}

// DecideAddFactor puts a factor of an active user in force, which has proved to have it.
// One that is there already is unchanged.
func DecideAddFactor(s State, f Factor) ([]domain.Event, error) {
	switch problems := present(s); {
	case problems != nil:
		return nil, domain.Refuse(problems...)
	case s.Factor(f.ID).ID != uuid.Nil:
		return nil, nil
	case len(s.Factors) >= maxFactors:
		return nil, refuse(CodeTooManyFactors, fmt.Sprintf("A user has at most %d second factors. Remove one.", maxFactors))
	}
	return []domain.Event{SecondFactorAdded{User: s.UID, Factor: f.ID, Kind: f.Kind, Named: account.Person{ID: s.UID, Name: f.Name}}}, nil
}

// DecideRemoveFactor ends a factor. While the account requires one the last one stays.
func DecideRemoveFactor(s State, id uuid.UUID, required bool) ([]domain.Event, error) {
	f := s.Factor(id)
	switch problems := present(s); {
	case problems != nil:
		return nil, domain.Refuse(problems...)
	case f.ID == uuid.Nil:
		return nil, nil
	case required && len(s.Factors) == 1:
		return nil, refuse(CodeLastFactor, "The account requires a second factor, and this is the last one. Add another one first.")
	}
	return []domain.Event{SecondFactorRemoved{User: s.UID, Factor: f.ID, Kind: f.Kind, Named: account.Person{ID: s.UID, Name: f.Name}}}, nil
}

// DecideResetFactors ends all factors of a user who has lost them. One who has none is
// unchanged.
func DecideResetFactors(s State) ([]domain.Event, error) {
	switch {
	case s.Status == "" || s.Status == Revoked || s.Erased:
		return nil, refuse(CodeUserUnknown, "There is no such user.")
	case len(s.Factors) == 0:
		return nil, nil
	}
	return []domain.Event{SecondFactorsReset{User: s.UID}}, nil
}

// DecideReplaceCodes puts a set of recovery codes in force in place of the one before.
// They stand in for a factor, so there has to be one.
func DecideReplaceCodes(s State, codes uuid.UUID, count int) ([]domain.Event, error) {
	switch problems := present(s); {
	case problems != nil:
		return nil, domain.Refuse(problems...)
	case s.Recovery.Codes == codes:
		return nil, nil
	case len(s.Factors) == 0:
		return nil, refuse(CodeFactorMissing, "Recovery codes stand in for a second factor. Add one first.")
	}
	return []domain.Event{RecoveryCodesReplaced{User: s.UID, Codes: codes, Count: count}}, nil
}

// DecideUseCode uses a recovery code, which each can be once.
func DecideUseCode(s State, codes uuid.UUID, number int) ([]domain.Event, error) {
	r := s.Recovery
	if present(s) != nil || codes == uuid.Nil || r.Codes != codes || number < 0 || number >= r.Count || slices.Contains(r.Used, number) {
		return nil, refuse(CodeFactorWrong, "This is not the second factor, or it was used already.")
	}
	return []domain.Event{RecoveryCodeUsed{User: s.UID, Codes: codes, Number: number, Left: r.Left() - 1}}, nil
}
