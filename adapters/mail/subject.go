package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// encodedWord is how the words of RFC 2047 begin, which mail programs decode.
const encodedWord = "=?"

// subject is a subject as it goes into a header. What looks like an encoded word was
// typed by somebody and is to be seen as typed: so it is encoded itself, which the
// library leaves out where all is ASCII.
func subject(text string) string {
	if !strings.Contains(text, encodedWord) {
		return text
	}
	const most = 45 // bytes that are 60 in base64, below the 75 of a word
	var words []string
	for text != "" {
		n := min(len(text), most)
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(text[:n]))+"?=")
		text = text[n:]
	}
	return strings.Join(words, " ")
}
