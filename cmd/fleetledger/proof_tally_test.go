package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// tally is what came of all histories.
type tally struct {
	mu                                sync.Mutex
	runs, histories, operations       int
	done, refused, unknown, undecided int
	lenient                           int // explained only by claims that disturbed deeds have left behind
	anomalies                         int
	codes                             map[string]int
	took                              []time.Duration
	faults                            map[string][]*faulted
}

func newTally() *tally { return &tally{codes: map[string]int{}, faults: map[string][]*faulted{}} }

func (y *tally) counts(o said, took time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.operations++
	switch {
	case o.unknown:
		y.unknown++
		return
	case o.refused():
		y.refused++
		for code := range strings.FieldsSeq(o.codes) {
			y.codes[code]++
		}
	default:
		y.done++
	}
	y.took = append(y.took, took)
}

func (y *tally) finished(faults []*faulted) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.runs++
	for _, f := range faults {
		y.faults[f.kind] = append(y.faults[f.kind], f)
	}
}

func (y *tally) checked(result, strict porcupine.CheckResult) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.histories++
	if strict == porcupine.Illegal {
		y.lenient++
	}
	switch result {
	case porcupine.Illegal:
		y.anomalies++
	case porcupine.Unknown:
		y.undecided++
	case porcupine.Ok:
	}
}

// String is a table.
func (y *tally) String() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-22s %d, of %d runs\n%-22s %d: %d done, %d refused, %d unknown\n", "histories", y.histories, y.runs,
		"operations", y.operations, y.done, y.refused, y.unknown)
	if len(y.took) > 0 {
		fmt.Fprintf(&b, "%-22s %s\n", "an answer took", spread(y.took))
	}
	fmt.Fprintf(&b, "%-22s %d; %d not decided in %s; %d explained by claims left behind alone\n", "anomalies",
		y.anomalies, y.undecided, checkPatience, y.lenient-y.anomalies)
	for _, code := range slices.Sorted(maps.Keys(y.codes)) {
		fmt.Fprintf(&b, "  refused: %-24s %d\n", code, y.codes[code])
	}
	fmt.Fprintf(&b, "%-22s %5s  %-28s  writes again, from its beginning (median/max)\n", "faults", "times", "lasted (median/max)")
	for _, kind := range slices.Sorted(maps.Keys(y.faults)) {
		var lasted, recovered []time.Duration
		for _, f := range y.faults[kind] {
			lasted = append(lasted, f.healed-f.began)
			if f.recovered > 0 {
				recovered = append(recovered, f.recovered-f.began)
			}
		}
		again := "never"
		if len(recovered) > 0 {
			again = spread(recovered)
		}
		fmt.Fprintf(&b, "  %-20s %5d  %-28s  %s\n", kind, len(lasted), strings.TrimSuffix(spread(lasted), " (median/max)"), strings.TrimSuffix(again, " (median/max)"))
	}
	return b.String()
}
