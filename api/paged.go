package api

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/fleetledger/fleetledger/app/query"
)

// orders are what a list that is held whole can be sorted by.
type orders[T any] map[string]func(a, b T) int

// collators are each for one comparison at a time.
var collators = sync.Pool{New: func() any { return collate.New(language.Und, collate.Numeric) }}

// byName compares names as people sort them, and as the read models do: Ä beside A, 9 before 10.
func byName[T any](name func(T) string) func(a, b T) int {
	return func(a, b T) int {
		c, _ := collators.Get().(*collate.Collator)
		defer collators.Put(c)
		return c.CompareString(name(a), name(b))
	}
}

// keys are the names that the list can be sorted by.
func (by orders[T]) keys() []string { return slices.Sorted(maps.Keys(by)) }

// byTime compares instants.
func byTime[T any](at func(T) time.Time) func(a, b T) int {
	return func(a, b T) int { return at(a).Compare(at(b)) }
}

// either leaves the items that a filter is about: those with one of some values.
// None is no filter.
func either[T any, V comparable](items []T, wanted *[]V, value func(T) V) []T {
	if wanted == nil {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), func(item T) bool { return !slices.Contains(*wanted, value(item)) })
}

// paged is one page of a list that is held whole, in the dialect of all lists.
// Without a sort key it stays as it is.
func paged[T any](items []T, p query.Page, by orders[T]) (query.List[T], error) {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b T) int {
		for _, key := range p.Sort {
			name, descending := strings.CutPrefix(key, "-")
			order := by[name](a, b)
			switch {
			case order == 0:
			case descending:
				return -order
			default:
				return order
			}
		}
		return 0
	})
	start, err := startOf(p, len(items))
	if err != nil {
		return query.List[T]{}, err
	}
	end := min(start+p.Limit, len(items))
	page := query.List[T]{Items: items[start:end], Total: len(items)}
	if end < len(items) {
		page.NextCursor = cursorAt(p, end)
	}
	return page, nil
}

// cursorAt names the item that a page begins with, in this order.
func cursorAt(p query.Page, start int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", start, strings.Join(p.Sort, ",")))
}

// startOf reads such a cursor.
func startOf(p query.Page, total int) (int, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	start := 0
	if data, err := base64.RawURLEncoding.DecodeString(p.Cursor); err == nil {
		_, _ = fmt.Sscan(string(data), &start)
	}
	if start < 1 || start > total || cursorAt(p, start) != p.Cursor {
		return 0, query.ErrBadCursor
	}
	return start, nil
}
