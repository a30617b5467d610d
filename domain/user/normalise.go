package user

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/text"
)

const (
	maxProfiles = 50  // of one user
	maxPassword = 256 // characters that are hashed
)

// NormaliseProfiles checks and orders the ids of profiles of an account, each once.
func NormaliseProfiles(ids []string, of account.State) ([]string, []domain.Problem) {
	if len(ids) > maxProfiles {
		return nil, problem(CodeProfileUnknown, fmt.Sprintf("A user has at most %d profiles.", maxProfiles))
	}
	kept := slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range kept {
		if !of.Profile(id).Exists() {
			return nil, problem(CodeProfileUnknown, fmt.Sprintf("The account has no profile %q.", id))
		}
	}
	return kept, nil
}

// NormalisePassword gives the form of a password that is hashed: the same
// whichever way a keyboard composes its characters.
func NormalisePassword(password string) string { return norm.NFKC.String(password) }

// CheckPassword checks a new password: at least minimum characters, no rules
// about their kinds, and nothing that anybody would try first: what many choose, the
// person's own name or address, the account's name, keys beside each other, one
// character again and again.
func CheckPassword(password string, minimum int, person account.Person, accountName string) []domain.Problem {
	password = NormalisePassword(password)
	switch n := utf8.RuneCountInString(password); {
	case n < minimum:
		return problem(CodePasswordTooShort, fmt.Sprintf("A password has at least %d characters.", minimum))
	case n > maxPassword:
		return problem(CodePasswordTooLong, fmt.Sprintf("A password has at most %d characters.", maxPassword))
	}
	key := text.Key(password)
	for _, known := range []string{person.Email, person.Name, accountName} {
		if known != "" && strings.ReplaceAll(key, " ", "") == strings.ReplaceAll(text.Key(known), " ", "") {
			return guessable()
		}
	}
	if isGuessable(password, person, accountName) {
		return guessable()
	}
	return nil
}
