package webhooks

import (
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Answer is what an endpoint said.
type Answer struct {
	// Status is zero if there was no answer.
	Status int
	// Body is its beginning, 1 KiB at most, on one line: valid UTF-8 without control
	// characters.
	Body string
	Took time.Duration
}

const (
	maxBody  = 1 << 10
	maxDrain = 4 << 10 // read besides, as the connection can be used again then
)

// beginning reads a little of a body. That the rest is missing, or late, is no matter:
// the status has arrived.
func beginning(body io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(body, maxBody))
	if err == nil {
		_, _ = io.CopyN(io.Discard, body, maxDrain)
	}
	return legible(whole(text), maxBody)
}

// whole leaves out the first bytes of a character whose others were cut off.
func whole(text []byte) []byte {
	for i := len(text) - 1; i >= 0 && i > len(text)-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) {
				return text[:i]
			}
			break
		}
	}
	return text
}

// legible is a text that others wrote as it may be kept and shown: white space becomes
// a space, what cannot be printed U+FFFD. It is cut between characters.
func legible(text []byte, size int) string {
	var b strings.Builder
	for _, r := range string(text) { // invalid bytes are U+FFFD
		switch {
		case r != utf8.RuneError && unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r):
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > size {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
