package logcopy

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// ErrOtherLog says that the target is not a copy of the log.
var ErrOtherLog = errors.New("the target is not a copy of this log")

// ErrSameLog says that the target has the name of the log.
var ErrSameLog = errors.New("the target is this log itself, or a copy that was made by other means: it has the name of this log (stream " +
	eventlog.IdentityStream + ")")

// Difference is the first event in which the target differs from the log.
type Difference struct {
	Number      int64              // of the event, from 1; 0 where it is of one stream
	Here, There *eventlog.Recorded // nil: the log, or the target, has none there
	Copied      int64              // events that were written before it was met
}

// Error says what is where.
func (d *Difference) Error() string {
	where := "there"
	if d.Number > 0 {
		where = fmt.Sprintf("as event %d of the log", d.Number)
	}
	var what string
	switch {
	case d.There == nil:
		what = fmt.Sprintf("it lacks what this log has %s: %s", where, describe(d.Here))
	case d.Here == nil:
		what = fmt.Sprintf("it has one too many %s: %s; this log ends before that", where, describe(d.There))
	case d.samePlace():
		what = fmt.Sprintf("%s is not the same %s: %s", describe(d.Here), where, d.members())
	default:
		what = fmt.Sprintf("%s it has %s, this log has %s", where, describe(d.There), describe(d.Here))
	}
	if d.Copied == 0 {
		return fmt.Sprintf("%v: %s; nothing was written", ErrOtherLog, what)
	}
	return fmt.Sprintf("%v: %s; %d events were written before", ErrOtherLog, what, d.Copied)
}

// Unwrap makes it an ErrOtherLog.
func (d *Difference) Unwrap() error { return ErrOtherLog }

func (d *Difference) samePlace() bool {
	return d.Here.Stream == d.There.Stream && d.Here.Revision == d.There.Revision && d.Here.ID == d.There.ID
}

// members names what differs in an event of the same id and place.
func (d *Difference) members() string {
	here, _ := d.Here.Event.(eventlog.Sealed)
	there, _ := d.There.Event.(eventlog.Sealed)
	switch {
	case here.Name != there.Name:
		return "its type is " + there.Name
	case here.ContentType != there.ContentType:
		return "its content type is " + there.ContentType
	case !bytes.Equal(here.Data, there.Data):
		return "its data differs"
	default:
		return "its metadata differs"
	}
}

func describe(e *eventlog.Recorded) string {
	return fmt.Sprintf("%s (revision %d of %s, id %s)", e.Event.EventType(), e.Revision, e.Stream, e.ID)
}

// same reports whether an event of the target is that of the log, byte for byte.
func same(here, there eventlog.Recorded) bool {
	h, ok := here.Event.(eventlog.Sealed)
	t, too := there.Event.(eventlog.Sealed)
	return ok && too && here.Stream == there.Stream && here.Revision == there.Revision && here.ID == there.ID &&
		h.Name == t.Name && h.ContentType == t.ContentType && bytes.Equal(h.Data, t.Data) && bytes.Equal(h.Metadata, t.Metadata)
}
