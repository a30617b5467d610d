package eventlog

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Epoch names the life of a log between two restores. A position or a revision of
// a log that was set back afterwards belongs to a future that is lost: the same
// numbers lead to other events now. So what clients hold on to carries the epoch,
// as EPOCH-COMMIT-PREPARE and "EPOCH-REVISION". What was given out without one, by
// the versions before, counts in the first epoch only. The zero Epoch gives out
// and takes numbers alone.
type Epoch struct {
	name  string
	first bool
}

var epochForm = regexp.MustCompile(`^[0-9a-f]{8}$`)

// FirstEpoch is that of a log that was never restored.
func FirstEpoch(log uuid.UUID) Epoch { return Epoch{name: log.String()[:8], first: true} }

// LaterEpoch is one that a restore began.
func LaterEpoch(id uuid.UUID) Epoch { return Epoch{name: id.String()[:8]} }

// ErrOtherEpoch says that a position or a revision belongs to a future of the log
// that a restore has undone.
var ErrOtherEpoch = errors.New("this is of a future of the log that is lost")

// String is the name, empty for the zero Epoch.
func (e Epoch) String() string { return e.name }

// Scope makes a name that means something in this epoch only; in the first one it
// is the name itself.
func (e Epoch) Scope(name string) string {
	if e.first || e.name == "" {
		return name
	}
	return e.name + "/" + name
}

// Position is the opaque form of a position that clients hold on to. The beginning of
// the log is the same in all epochs.
func (e Epoch) Position(p Position) string {
	if p == (Position{}) {
		return p.String()
	}
	return e.prefix() + p.String()
}

// ParsePosition reads what Position made, or ErrOtherEpoch.
func (e Epoch) ParsePosition(s string) (Position, error) {
	rest, ours := e.cut(s, 1)
	p, err := ParsePosition(rest)
	switch {
	case err != nil:
		return Position{}, fmt.Errorf("%q is not a position", s)
	case !ours && p != (Position{}):
		return Position{}, fmt.Errorf("position %s: %w", s, ErrOtherEpoch)
	}
	return p, nil
}

// Tag is a revision in the form of a tag, without quotes.
func (e Epoch) Tag(r Revision) string { return e.prefix() + strconv.FormatInt(int64(r), 10) }

// ParseTag reads what Tag made, or ErrOtherEpoch.
func (e Epoch) ParseTag(s string) (Revision, error) {
	rest, ours := e.cut(s, 0)
	n, err := strconv.ParseUint(rest, 10, 63)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a revision", s)
	case !ours:
		return 0, fmt.Errorf("revision %s: %w", s, ErrOtherEpoch)
	}
	return Revision(n), nil
}

func (e Epoch) prefix() string {
	if e.name == "" {
		return ""
	}
	return e.name + "-"
}

// cut takes the epoch off what has so many dashes without it, and reports whether it
// is this one.
func (e Epoch) cut(s string, dashes int) (rest string, ours bool) {
	if strings.Count(s, "-") == dashes {
		return s, e.first || e.name == ""
	}
	name, rest, _ := strings.Cut(s, "-")
	if !epochForm.MatchString(name) {
		return "", true // garbage, of no epoch
	}
	return rest, name == e.name
}
