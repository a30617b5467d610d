package growth

import (
	"errors"
	"strings"
)

// The marks around the section of the README that is made here.
const (
	begins = "<!-- growth -->\n"
	ends   = "<!-- /growth -->\n"
)

// In puts the section between the marks of a text.
func In(text, section string) (string, error) {
	before, rest, begun := strings.Cut(text, begins)
	_, after, ended := strings.Cut(rest, ends)
	if !begun || !ended {
		return "", errors.New("the marks of the part on growth are missing")
	}
	return before + begins + section + ends + after, nil
}
