package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// reading collects what is wrong with the values of a request that the schema
// cannot check, to answer it all at once.
type reading struct {
	problems []domain.Problem
}

func (r *reading) wrong(pointer, code, detail string) {
	r.problems = append(r.problems, domain.Problem{Pointer: pointer, Code: code, Detail: detail})
}

func (r *reading) err() error { return badRequest(r.problems) }

func (r *reading) minPosition(v *openapi.MinPosition) eventlog.Position {
	if v == nil || *v == "0" { // what is there now
		return eventlog.Position{}
	}
	p, err := eventlog.ParsePosition(*v)
	if err != nil {
		r.wrong("#/query/minPosition", codePositionInvalid, "This is not a position that X-Position gave.")
	}
	return p
}

// later is the position of an answer from the log, which is never behind: what
// was wanted is reached.
func later(p, q eventlog.Position) eventlog.Position {
	if p.Before(q) {
		return q
	}
	return p
}

// freshness reads minPosition and asOf.
func (r *reading) freshness(now time.Time, position *openapi.MinPosition, asOf *openapi.AsOf) query.Freshness {
	reached := r.minPosition(position)
	f := r.instantAsked("#/query/asOf", now, asOf)
	f.MinPosition = reached
	return f
}

// forecastYears is how far ahead forecasts go.
const forecastYears = 10

// instantAsked reads what an answer is to be about: an instant, or a date, which
// means its end. Today has none yet: it is the present. After now it is a
// forecast.
func (r *reading) instantAsked(pointer string, now time.Time, asked *string) query.Freshness {
	var f query.Freshness
	if asked == nil {
		return f
	}
	at, day, err := calendar.ParseInstant(*asked)
	latest := calendar.DateOf(now).AddMonths(forecastYears*12, now.UTC().Day())
	switch {
	case err != nil:
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z, or be a date such as 2026-01-31, which means its end.")
	case day == calendar.DateOf(now):
		return f
	case at.After(latest.End()):
		r.wrong(pointer, codeForecastTooFar, "Forecasts go up to "+latest.String()+": it is "+now.UTC().Format(time.RFC3339)+" here.")
	}
	f.AsOf, f.Forecast = at, at.After(now)
	return f
}

// aheadOf reports whether an answer about an instant is a forecast.
func aheadOf(now time.Time, asked string) bool {
	var r reading
	return r.instantAsked("", now, &asked).Forecast && len(r.problems) == 0
}

const defaultLimit = 100

// page reads limit, cursor and sort.
func (r *reading) page(limit *openapi.Limit, cursor *openapi.Cursor, sort *openapi.Sort, keys []string) query.Page {
	p := query.Page{Limit: defaultLimit, Cursor: valueOf(cursor)}
	if limit != nil {
		p.Limit = *limit
	}
	if sort == nil {
		return p
	}
	seen := map[string]bool{}
	for key := range strings.SplitSeq(*sort, ",") {
		name := strings.TrimPrefix(key, "-")
		if !slices.Contains(keys, name) || seen[name] {
			r.wrong("#/query/sort", codeSortUnknown, "Sort by some of "+strings.Join(keys, ", ")+", each once; a leading minus sorts descending.")
			return p
		}
		seen[name] = true
		p.Sort = append(p.Sort, key)
	}
	return p
}

// date reads a date; nil is none.
func (r *reading) date(pointer string, v *openapi.Date) calendar.Date {
	if v == nil {
		return 0
	}
	d, err := calendar.Parse(*v)
	if err != nil || d.IsZero() {
		r.wrong(pointer, codeDateInvalid, "The date must be one of the calendar, as YYYY-MM-DD, from 1971 on.")
	}
	return d
}

// term reads an ISO 8601 period; nil is none.
func (r *reading) term(pointer string, v *openapi.Term) calendar.Term {
	if v == nil {
		return calendar.Term{}
	}
	t, err := calendar.ParseTerm(*v)
	if err != nil {
		r.wrong(pointer, codeTermInvalid, "The term must be an ISO 8601 period of years, months or days such as P1Y.")
	}
	return t
}

// span reads an ISO 8601 duration; nil is none.
func (r *reading) span(pointer string, v *string) calendar.Span {
	if v == nil {
		return calendar.Span{}
	}
	s, err := calendar.ParseSpan(*v)
	if err != nil {
		r.wrong(pointer, codeTermInvalid, "The span must be an ISO 8601 duration such as P1M or PT12H.")
	}
	return s
}

// instant reads an RFC 3339 instant; nil is none.
func (r *reading) instant(pointer string, v *string) time.Time {
	if v == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, *v)
	if err != nil || t.Year() < 1971 {
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z.")
	}
	return t.UTC()
}

// since reads from when on things are wanted: an instant, or a date, which means
// its begin; nil is always.
func (r *reading) since(pointer string, v *string) time.Time {
	at, day := r.instantOrDay(pointer, v)
	if !day.IsZero() {
		return day.Time()
	}
	return at
}

// until reads up to when things are wanted: an instant, or a date, which means its
// end; nil is always.
func (r *reading) until(pointer string, v *string) time.Time {
	at, _ := r.instantOrDay(pointer, v)
	return at
}

func (r *reading) instantOrDay(pointer string, v *string) (time.Time, calendar.Date) {
	if v == nil {
		return time.Time{}, 0
	}
	at, day, err := calendar.ParseInstant(*v)
	if err != nil {
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z, or be a date such as 2026-01-31.")
	}
	return at, day
}

// optional reads an instant that may be left out (nil) or null (zero).
func (r *reading) optional(pointer string, v json.RawMessage) *time.Time {
	if len(v) == 0 {
		return nil
	}
	var t *time.Time
	if err := json.Unmarshal(v, &t); err != nil {
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z.")
		return nil
	}
	if t == nil {
		return &time.Time{}
	}
	return t
}

// ifMatch reads If-Match: nil without one, or for *. A tag that is not one of
// ours can match nothing.
func (r *reading) ifMatch(v *openapi.IfMatch) *eventlog.Revision {
	if v == nil || *v == "*" {
		return nil
	}
	tag, quoted := strings.CutPrefix(*v, `"`)
	tag, closed := strings.CutSuffix(tag, `"`)
	if !quoted || !closed || strings.Contains(tag, `"`) {
		r.wrong("#/header/If-Match", codeIfMatchInvalid, "The header must be one ETag in quotes, or *.")
		return nil
	}
	revision := eventlog.Revision(-3) // matches nothing
	if n, err := strconv.ParseInt(tag, 10, 64); err == nil && n >= 0 {
		revision = eventlog.Revision(n)
	}
	return &revision
}

// eachOf are the values of a filter; none when it was not given.
func eachOf[To, From ~string](v *[]From) []To {
	return list(valueOf(v), func(one From) To { return To(one) })
}

// accepts finds which of the offered content types the client likes best; the
// first offered one when it does not say.
func accepts(header string, offered ...string) string {
	best, quality := offered[0], -1.0
	for part := range strings.SplitSeq(header, ",") {
		fields := strings.Split(part, ";")
		name, q := strings.ToLower(strings.TrimSpace(fields[0])), 1.0
		for _, parameter := range fields[1:] {
			if v, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
				if parsed, err := strconv.ParseFloat(v, 64); err == nil {
					q = parsed
				}
			}
		}
		if q > quality && q > 0 && slices.Contains(offered, name) {
			best, quality = name, q
		}
	}
	return best
}
