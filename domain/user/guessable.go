package user

import (
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/text"
)

// commonPasswords are what people choose most, the most common first, one a line: the
// first 10,000 with a letter of the list of zxcvbn (https://github.com/dropbox/zxcvbn,
// copyright Dropbox, MIT license), and words that offer themselves here.
//
//go:embed common-passwords.txt
var commonPasswords string

// minGuesses is how many guesses, as a power of ten, a password is to withstand. It is
// what zxcvbn calls safely unguessable for a service that counts attempts.
const minGuesses = 8

// The guesses that a part of a password takes, as powers of ten.
const (
	anyCharacter = 1.2 // more than a digit, less than a key of the keyboard
	knownWord    = 0.5 // of the person or the account
	otherLetters = 0.5 // digits in place of letters
	againBefore  = 0.6
	alongARow    = 1.5
	shortestPart = 3
	longestPart  = 30
)

// rows are what is typed along: keys beside each other, the alphabet, digits.
var rows = []string{
	"qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "1234567890-=", "qwertzuiopü", "yxcvbnm,.-", "azertyuiop", "qsdfghjklm", "wxcvbn",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qawsedrftgyhujikolp", "qazwsxedcrfvtgbyhnujm",
	"!@#$%^&*()", "abcdefghijklmnopqrstuvwxyz", "01234567890", "147258369", "159753",
}

// ranks are the common passwords with the guesses each takes.
var ranks = sync.OnceValue(func() map[string]float64 {
	all := map[string]float64{}
	for word := range strings.Lines(commonPasswords) {
		all[strings.TrimSpace(word)] = math.Log10(float64(len(all) + 2))
	}
	return all
})

// inPlaceOfLetters undoes the digits that stand in place of letters.
var inPlaceOfLetters = []*strings.Replacer{
	strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t", "8", "b", "9", "g"),
	strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "l", "|", "l", "3", "e", "$", "s", "5", "s", "7", "t", "+", "t"),
}

// isGuessable reports whether a password is among those that are tried first: common
// ones, what is known of the person and the account, keys beside each other, years,
// and these together or again and again.
func isGuessable(password string, person account.Person, accountName string) bool {
	known := map[string]float64{}
	for _, s := range []string{person.Email, person.Name, accountName} {
		key := text.Key(s)
		known[strings.ReplaceAll(key, " ", "")] = knownWord
		for _, word := range strings.FieldsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			known[word] = knownWord
		}
	}
	return guesses([]rune(strings.ReplaceAll(text.Key(password), " ", "")), known) < minGuesses
}

// guesses is how many guesses a password takes at least, as a power of ten: the
// cheapest way to put it together of parts.
func guesses(password []rune, known map[string]float64) float64 {
	least := make([]float64, len(password)+1)
	for end := 1; end <= len(password); end++ {
		least[end] = least[end-1] + anyCharacter
		for start := max(0, end-longestPart); start <= end-shortestPart; start++ {
			if before := least[start]; before < least[end] {
				least[end] = min(least[end], before+partGuesses(string(password[:start]), string(password[start:end]), known))
			}
		}
		// One or two characters that stood right before are no news either.
		for n := 1; n < shortestPart && 2*n <= end; n++ {
			if string(password[end-n:end]) == string(password[end-2*n:end-n]) {
				least[end] = min(least[end], least[end-n]+againBefore/2)
			}
		}
	}
	return least[len(password)]
}

// partGuesses are those of one part, after what is before.
func partGuesses(before, part string, known map[string]float64) float64 {
	best := wordGuesses(part, known)
	if isAlongARow(part) || isYear(part) {
		best = min(best, alongARow)
	}
	if strings.Contains(before, part) {
		best = min(best, againBefore)
	}
	for _, letters := range inPlaceOfLetters {
		if word := letters.Replace(part); word != part {
			best = min(best, wordGuesses(word, known)+otherLetters)
		}
	}
	return best
}

// wordGuesses are those of a word, also spelt backwards.
func wordGuesses(word string, known map[string]float64) float64 {
	best := math.Inf(1)
	backwards := reversed(word)
	for _, words := range []map[string]float64{ranks(), known} {
		if g, ok := words[word]; ok {
			best = min(best, g)
		}
		if g, ok := words[backwards]; ok {
			best = min(best, g+otherLetters)
		}
	}
	return best
}

func isAlongARow(part string) bool {
	backwards := reversed(part)
	return slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, part) || strings.Contains(row, backwards) })
}

func isYear(part string) bool {
	return len(part) == 4 && (part[:2] == "19" || part[:2] == "20") && part[2] >= '0' && part[2] <= '9' && part[3] >= '0' && part[3] <= '9'
}

func reversed(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}
