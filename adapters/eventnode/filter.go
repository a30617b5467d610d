package eventnode

import (
	"fmt"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/dlclark/regexp2"
)

// filterRegexTimeout bounds one match: expressions may backtrack for ever.
const filterRegexTimeout = 250 * time.Millisecond

// defaultWindow is the real server's page size, used where the client names none.
const defaultWindow = 32

// filter selects events of $all.
type filter struct {
	onType bool
	match  func(string) (bool, error)
	// prefixes are those of streams, where they are all that is asked for; else nil.
	prefixes []string

	// interval is after how many events, matching or not, a subscription gets a
	// checkpoint.
	interval int64
}

// allows reports whether the event passes. A nil filter passes everything. It
// fails when an expression has run for too long.
func (f *filter) allows(r *record) (bool, error) {
	if f == nil {
		return true, nil
	}
	if f.onType {
		return f.match(r.typ)
	}
	return f.match(r.stream)
}

// parseFilter reads the filter of a request; nil when it has none.
func parseFilter(o *streams.ReadReq_Options) (*filter, error) {
	fo := o.GetFilter()
	if fo == nil {
		return nil, nil
	}
	f := &filter{}
	var expr *streams.ReadReq_Options_FilterOptions_Expression
	switch v := fo.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_EventType:
		f.onType, expr = true, v.EventType
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		expr = v.StreamIdentifier
	default:
		return nil, fmt.Errorf("the filter names neither streams nor event types")
	}
	window := int64(defaultWindow)
	if m, ok := fo.GetWindow().(*streams.ReadReq_Options_FilterOptions_Max); ok {
		if m.Max == 0 {
			return nil, fmt.Errorf("the filter's search window must be positive")
		}
		window = int64(m.Max)
	}
	if o.GetSubscription() != nil && fo.GetCheckpointIntervalMultiplier() == 0 {
		return nil, fmt.Errorf("the filter's checkpoint interval must be positive")
	}
	f.interval = window * int64(fo.GetCheckpointIntervalMultiplier())
	if expr.GetRegex() == "" {
		f.match = matchPrefixes(expr.GetPrefix())
		if !f.onType {
			f.prefixes = storable(expr.GetPrefix())
		}
		return f, nil
	}
	var err error
	f.match, err = matchRegex(expr.GetRegex())
	return f, err
}

func matchPrefixes(prefixes []string) func(string) (bool, error) {
	return func(s string) (bool, error) {
		for _, p := range prefixes {
			if strings.HasPrefix(s, p) {
				return true, nil
			}
		}
		return false, nil
	}
}

// storable are the prefixes that a stream in PostgreSQL can have, never nil.
func storable(prefixes []string) []string {
	all := make([]string, 0, len(prefixes))
	for _, p := range prefixes {
		if !strings.Contains(p, "\x00") {
			all = append(all, p)
		}
	}
	return all
}

// matchRegex compiles an expression of the .NET dialect, as the real server takes
// it. Go's own engine is faster and never backtracks, but it means something else
// by the same text (its \w matches ASCII letters only) and has no lookahead, by
// which the Python client excludes system events.
func matchRegex(expr string) (func(string) (bool, error), error) {
	re, err := regexp2.Compile(expr, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("the filter's regular expression: %w", err)
	}
	re.MatchTimeout = filterRegexTimeout
	return re.MatchString, nil
}
