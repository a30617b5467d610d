package calendar

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Span is an ISO 8601 duration: a term, and hours, minutes and seconds.
type Span struct {
	Term Term
	Time time.Duration
}

var timeForm = regexp.MustCompile(`^(\d{1,5}H)?(\d{1,6}M)?(\d{1,7}S)?$`)

// ParseSpan reads a duration such as P1M, PT90S or P1DT12H; an empty one is
// refused.
func ParseSpan(s string) (Span, error) {
	date, clock, timed := strings.Cut(s, "T")
	var span Span
	var err error
	if !timed || date != "P" {
		if span.Term, err = ParseTerm(date); err != nil {
			return Span{}, fmt.Errorf("%q is not a span such as P1M or PT1H", s)
		}
	}
	if !timed {
		return span, nil
	}
	if clock != "" && timeForm.MatchString(clock) {
		span.Time, err = time.ParseDuration(strings.ToLower(clock))
	}
	if err != nil || span.Time == 0 {
		return Span{}, fmt.Errorf("%q is not a span such as P1M or PT1H", s)
	}
	return span, nil
}

// From is the instant the span leads to from t. Months keep the day of month
// where there is one, else lead to the last.
func (s Span) From(t time.Time) time.Time {
	t = t.UTC()
	day := DateOf(t)
	sinceMidnight := t.Sub(day.Time())
	return s.Term.From(day, day.Day()).Time().Add(sinceMidnight + s.Time)
}
