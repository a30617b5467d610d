package text

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Search is the form in which a search compares texts: the key, without accents.
// Letters with a stroke and the like are those that people type for them.
func Search(s string) string {
	return strings.Join(SearchWords(s), " ")
}

// SearchWords are the words of a search, in that form.
func SearchWords(s string) []string {
	bare := strings.Map(func(r rune) rune {
		if r >= '\u0300' && r <= '\u036f' { // combining accents
			return -1
		}
		return r
	}, norm.NFKD.String(Key(s)))
	return strings.Fields(norm.NFC.String(plainLetters.Replace(bare)))
}

// plainLetters are of case folded letters that have no accent to take away.
var plainLetters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ħ", "h", "ŧ", "t", "ı", "i")
