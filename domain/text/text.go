// Package text normalises names that people type: what is shown, and the key
// under which two spellings count as the same name.
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

// Errors of Name.
var (
	ErrEmpty    = errors.New("is empty")
	ErrEncoding = errors.New("is not valid UTF-8")
	ErrControl  = errors.New("has control or invisible characters")
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
		return "", "", fmt.Errorf("is longer than %d characters", limit)
	}
	if strings.ContainsFunc(display, unseen) {
		return "", "", ErrControl
	}
	if key = Key(display); key == "" {
		return "", "", ErrEmpty
	}
	return display, key, nil
}

func unseen(r rune) bool {
	if r == zeroWidthJoiner || r == zeroWidthNonJoiner {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

// Key is the form under which two names are the same. It is stable: the key of
// a key is that key.
func Key(s string) string {
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
