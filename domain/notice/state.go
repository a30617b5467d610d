package notice

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Aggregate is the notice.
var Aggregate = aggregate.Aggregate[State]{Category: "notice", Evolve: Evolve}

var space = uuid.MustParse("0f7c1c3e-6a0b-5d6e-8b56-2a1c7f0e9d41")

// Month names the month of a day, such as 2027-03.
func Month(on calendar.Date) string { return on.Time().Format("2006-01") }

// UID names the notice of a reseller on a customer for a month.
func UID(reseller, customer uuid.UUID, on calendar.Date) uuid.UUID {
	return uuid.NewSHA1(space, slices.Concat(reseller[:], customer[:], []byte(Month(on))))
}

// MailOf names the mail that brings a notice, or the digest of a round, to a person.
func MailOf(noticeOrRound, person uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(noticeOrRound, append([]byte("mail "), person[:]...))
}

// Due is when the notices of the month of a day are due, hours after its beginning.
func Due(on calendar.Date, hours int) time.Time {
	return on.AddDays(1 - on.Day()).Time().Add(time.Duration(hours) * time.Hour)
}

// Latest is the 1st whose notices were due last at an instant.
func Latest(now time.Time, hours int) calendar.Date {
	day := calendar.DateOf(now.UTC().Add(-time.Duration(hours) * time.Hour))
	return day.AddDays(1 - day.Day())
}

// Role is why somebody gets a notice.
type Role string

// The roles.
const (
	Administrator         Role = "administrator"         // of the reseller
	ChannelContact        Role = "channelContact"        // of the reseller
	CustomerAdministrator Role = "customerAdministrator" // by choice
)

// Reason is why a notice was skipped.
type Reason string

// The reasons. NothingDue stands in no NoticeSkipped but in NoticeRoundClosed.
const (
	NoAdministrator Reason = "no_administrator"
	NothingDue      Reason = "nothing_due"
)

// State is a notice folded from its events.
type State struct {
	About
	LookAhead  int
	Windows    []Window
	Lines      []Line
	Recipients []Recipient
	Due        int // of a skipped one, how many devices
	Skipped    Reason
	Queued     bool
	Done       map[uuid.UUID]Delivered // by mail: what has gone out or was given up
	Seen       map[uuid.UUID]bool      // devices that were acknowledged in this notice
}

// Delivered is what became of a mail: sent, or Failed with the reason.
type Delivered struct{ Failed string }

// Exists reports whether the notice was prepared or skipped.
func (s State) Exists() bool { return s.Notice != uuid.Nil }

// Pending are the recipients about whose mails nothing is known yet.
func (s State) Pending() []Recipient {
	return slices.DeleteFunc(slices.Clone(s.Recipients), func(r Recipient) bool {
		_, done := s.Done[r.Mail]
		return done
	})
}

// Line finds a device of the notice.
func (s State) Line(device uuid.UUID) (Line, bool) {
	i := slices.IndexFunc(s.Lines, func(l Line) bool { return l.Device == device })
	if i < 0 {
		return Line{}, false
	}
	return s.Lines[i], true
}

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case NoticeDevicesListed:
		s.Lines = append(slices.Clone(s.Lines[:min(e.First, len(s.Lines))]), e.Devices...)
	case NoticePrepared:
		s.About, s.LookAhead, s.Windows, s.Recipients = e.About, e.LookAhead, e.Windows, e.Recipients
	case NoticeSkipped:
		s.About, s.Due, s.Skipped, s.Lines = e.About, e.Due, e.Reason, nil
	case NoticeQueued:
		s.Queued = true
	case NoticeSent:
		s.Done = clone(s.Done)
		for _, mail := range e.Mails {
			s.Done[mail] = Delivered{}
		}
	case NoticeFailed:
		s.Done = clone(s.Done)
		s.Done[e.Mail] = Delivered{Failed: e.Reason}
	case NoticeAcknowledged:
		s.Seen = clone(s.Seen)
		for _, device := range e.Devices {
			s.Seen[device] = true
		}
	}
	return s
}

func clone[V any](m map[uuid.UUID]V) map[uuid.UUID]V {
	if m == nil {
		return map[uuid.UUID]V{}
	}
	return maps.Clone(m)
}
