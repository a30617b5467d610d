package eventlog

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in the whole log. Both parts are kept and compared as a
// pair; the zero Position is before the first event.
type Position struct {
	Commit, Prepare uint64
}

// String is the opaque form that clients hold on to.
func (p Position) String() string {
	return strconv.FormatUint(p.Commit, 10) + "-" + strconv.FormatUint(p.Prepare, 10)
}

// ParsePosition reads what String made.
func ParsePosition(s string) (Position, error) {
	c, p, ok := strings.Cut(s, "-")
	commit, err1 := strconv.ParseUint(c, 10, 63)
	prepare, err2 := strconv.ParseUint(p, 10, 63)
	if !ok || err1 != nil || err2 != nil {
		return Position{}, fmt.Errorf("%q is not a position", s)
	}
	return Position{commit, prepare}, nil
}

// Before reports whether p lies before q.
func (p Position) Before(q Position) bool {
	return p.Commit < q.Commit || p.Commit == q.Commit && p.Prepare < q.Prepare
}
