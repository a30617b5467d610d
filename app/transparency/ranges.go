package transparency

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// ranges are numbers in ascending order, as 0-12,15.
type ranges struct {
	text        strings.Builder
	first, last int64
	begun       bool
}

func (r *ranges) add(n int64) {
	if r.begun && n == r.last+1 {
		r.last = n
		return
	}
	r.close()
	r.first, r.last, r.begun = n, n, true
}

func (r *ranges) close() {
	if !r.begun {
		return
	}
	if r.text.Len() > 0 {
		r.text.WriteByte(',')
	}
	fmt.Fprint(&r.text, r.first)
	if r.last > r.first {
		fmt.Fprintf(&r.text, "-%d", r.last)
	}
	r.begun = false
}

// String ends them.
func (r *ranges) String() string {
	r.close()
	return r.text.String()
}

// numbers are those of ranges, up to the first that is not well-formed.
func numbers(text string) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for part := range strings.SplitSeq(text, ",") {
			from, to, isRange := strings.Cut(part, "-")
			first, err := strconv.ParseInt(from, 10, 64)
			last := first
			if err == nil && isRange {
				last, err = strconv.ParseInt(to, 10, 64)
			}
			if err != nil {
				return
			}
			for n := first; n <= last; n++ {
				if !yield(n) {
					return
				}
			}
		}
	}
}
