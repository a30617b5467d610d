package keptanswers

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
)

// matcher finds what tells of a person.
type matcher struct {
	id   string
	told []string // folded
}

func newMatcher(person uuid.UUID, told []string) matcher {
	m := matcher{id: person.String()}
	for _, t := range told {
		if t = strings.ToLower(strings.TrimSpace(t)); t != "" {
			m.told = append(m.told, t)
		}
	}
	return m
}

// text reports whether a text has one of the values as words of its own: "Ada" is
// not in "Adapter".
func (m matcher) text(s string) bool {
	s = strings.ToLower(s)
	for _, value := range m.told {
		for at := 0; ; {
			i := strings.Index(s[at:], value)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(value)
			before, _ := utf8.DecodeLastRuneInString(s[:from])
			after, _ := utf8.DecodeRuneInString(s[to:])
			if !inWord(before) && !inWord(after) {
				return true
			}
			at = to
		}
	}
	return false
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// body reports whether an answer tells of the person: any of its texts does, or it
// shows somebody with the person's id and an address. The latter finds what was kept
// when nobody knows the address any more.
func (m matcher) body(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil || decoder.More() { // CSV, say
		return m.text(strings.ReplaceAll(string(b), `""`, `"`))
	}
	return m.value(v)
}

func (m matcher) value(v any) bool {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		for _, one := range v {
			if m.value(one) {
				return true
			}
		}
	case map[string]any:
		if m.shows(v) {
			return true
		}
		for name, one := range v {
			if m.text(name) || m.value(one) {
				return true
			}
		}
	}
	return false
}

// shows reports whether an object is the person with an address.
func (m matcher) shows(object map[string]any) bool {
	email, _ := object["email"].(string)
	if email == "" || email == account.Erased || email == account.Unreadable {
		return false
	}
	for _, one := range object {
		if s, ok := one.(string); ok && s == m.id {
			return true
		}
	}
	return false
}
