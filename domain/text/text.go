// Package text normalises what people type: names, with the key under which two
// spellings count as the same name, and free texts.
package text

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// What is wrong with a text, as the end of a sentence about it.
var (
	ErrEmpty     = errors.New("is empty")
	ErrEncoding  = errors.New("is not valid UTF-8")
	ErrInvisible = errors.New("has control or invisible characters")
	ErrControl   = errors.New("has control characters")
)

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Name gives the form of s that is shown (trimmed, NFC) and its key (also inner
// spaces folded, NFKC and case folded). It refuses what is empty, longer than
// limit runes, not UTF-8, or has characters that cannot be seen: two names must
// not look the same and be different. The two joiners that scripts and emoji
// need may stand in a name and do not count in its key.
func Name(s string, limit int) (display, key string, err error) {
	if !utf8.ValidString(s) {
		return "", "", ErrEncoding
	}
	display = norm.NFC.String(strings.TrimSpace(s))
	if display == "" {
		return "", "", ErrEmpty
	}
	if utf8.RuneCountInString(display) > limit {
		return "", "", tooLong(limit)
	}
	if strings.ContainsFunc(display, unseen) {
		return "", "", ErrInvisible
	}
	if key = Key(display); key == "" {
		return "", "", ErrEmpty
	}
	return display, key, nil
}

// Free gives the trimmed form of a text that a person wrote. It may be empty and
// have several lines. It refuses what is longer than limit runes, not UTF-8, or
// has other control characters, among them the replacement character, which
// stands for what somebody could not read.
func Free(s string, limit int) (string, error) {
	s = strings.TrimSpace(s)
	control := func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	}
	switch {
	case !utf8.ValidString(s):
		return "", ErrEncoding
	case strings.ContainsFunc(s, control):
		return "", ErrControl
	case utf8.RuneCountInString(s) > limit:
		return "", tooLong(limit)
	}
	return s, nil
}

func tooLong(limit int) error { return fmt.Errorf("is longer than %d characters", limit) }

func unseen(r rune) bool {
	if r == zeroWidthJoiner || r == zeroWidthNonJoiner {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

// Key is the form under which two names are the same. It is stable: the key of
// a key is that key.
func Key(s string) string {
	if ascii(s) { // most are, and folding costs much
		return strings.Join(strings.Fields(strings.ToLower(s)), " ")
	}
	s = strings.Map(func(r rune) rune {
		if r == zeroWidthJoiner || r == zeroWidthNonJoiner {
			return -1
		}
		return r
	}, s)
	// Folding can undo the normal form and the other way round; a few rounds
	// settle it.
	for range 4 {
		folded := cases.Fold().String(norm.NFKC.String(s))
		folded = strings.Join(strings.Fields(folded), " ")
		if folded == s {
			break
		}
		s = folded
	}
	return s
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
