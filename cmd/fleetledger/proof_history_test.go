package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// deed is what a client asked for. What a and b are depends on what is done.
type deed struct {
	do    string
	a, b  int
	match int64 // the revision of If-Match; 0: none
}

func (d deed) String() string {
	s := fmt.Sprintf("%s %d %d", d.do, d.a, d.b)
	if d.match > 0 {
		s += fmt.Sprintf(" if %d", d.match)
	}
	return s
}

// said is what became of a deed, as far as its client knows.
type said struct {
	unknown bool   // no answer, or one that leaves it open
	codes   string // of a refusal, with a blank around each
	value   int
	rev     int64
	// slack is how many claims those before may have left behind who were disturbed:
	// they end by themselves, and keep a name or a place taken until then.
	slack int
}

func (s said) String() string {
	switch {
	case s.unknown:
		return "?"
	case s.codes != "":
		return "refused:" + s.codes + fmt.Sprintf("(slack %d)", s.slack)
	}
	return fmt.Sprintf("done %d, revision %d", s.value, s.rev)
}

func (s said) refused() bool         { return s.codes != "" }
func (s said) has(code string) bool  { return strings.Contains(s.codes, " "+code+" ") }
func (s said) only(code string) bool { return s.codes == " "+code+" " }

// rules are the sequential specification of a kind of subject. Each function is pure.
type rules[S comparable] struct {
	start S
	step  func(S, deed, said) (S, bool) // of a deed whose outcome is known: whether it can have been so
	// effect is what a deed of unknown outcome does, when it does anything.
	effect func(S, deed) S
	// claims tells whether one deed, when it is disturbed, may leave behind what gets
	// the other one refused, or the subject's revision moved.
	claims func(disturbed, other deed) bool
}

// over ends a history: what is unknown then has happened, or never will.
const over = "over"

// ended is a state, and whether the history is over. Until then a deed of unknown
// outcome counts where it changes something, afterwards it does not matter: so the
// checker does not try all the moments at which it would have changed nothing.
type ended[S comparable] struct {
	state S
	over  bool
}

// model makes a model for the checker.
func (r rules[S]) model() proofModel {
	step := func(state, input, output any) (bool, any) {
		s, d, o := state.(ended[S]), input.(deed), output.(said)
		switch {
		case d.do == over:
			s.over = true
			return true, s
		case o.unknown && s.over:
			return true, s
		case o.unknown:
			next := r.effect(s.state, d)
			return next != s.state, ended[S]{state: next}
		}
		next, ok := r.step(s.state, d, o)
		return ok, ended[S]{next, s.over}
	}
	return proofModel{claims: r.claims, Model: porcupine.Model{
		Init: func() any { return ended[S]{state: r.start} }, Step: step,
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v: %v", input, output) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state.(ended[S]).state) },
	}}
}

type proofModel struct {
	porcupine.Model
	claims func(disturbed, other deed) bool
}

// entry is one operation of a history. Times are since the run began.
type entry struct {
	client     int
	deed       deed
	said       said
	call, back time.Duration
	disturbed  bool // an attempt had no answer, or a fault was on
	note       string
}

// history is all that happened to one subject, which no other one has to do with.
type history struct {
	name    string
	model   proofModel
	mu      sync.Mutex
	entries []entry
	open    int // entries of unknown outcome
}

func (h *history) add(e entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entries = append(h.entries, e)
	if e.said.unknown {
		h.open++
	}
}

// counts are the entries, and those of unknown outcome.
func (h *history) counts() (entries, open int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.entries), h.open
}

// operations are the entries for the checker. What is unknown is open to the end.
// Without slack, nobody leaves a claim behind.
func (h *history) operations(slack bool) []porcupine.Operation {
	var last time.Duration
	for _, e := range h.entries {
		last = max(last, e.call, e.back)
	}
	all := []porcupine.Operation{{Input: deed{do: over}, Output: said{}, Call: int64(last) + 1, Return: int64(last) + 2}}
	for i, e := range h.entries {
		back := e.back
		if e.said.unknown {
			back = last + 3
		}
		if slack {
			e.said.slack = h.slack(i)
		}
		all = append(all, porcupine.Operation{ClientId: e.client, Input: e.deed, Output: e.said, Call: int64(e.call), Return: int64(back)})
	}
	return all
}

// slack is how many claims may have been left behind before an entry had its answer.
func (h *history) slack(of int) (n int) {
	for i, other := range h.entries {
		if i != of && other.disturbed && other.call < h.entries[of].back && h.model.claims(other.deed, h.entries[of].deed) {
			n++
		}
	}
	return n
}

// checkPatience is how long the checker may look at one subject.
const checkPatience = time.Minute

// check gives what the checker says of the history.
func (h *history) check(slack bool) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	return porcupine.CheckOperationsVerbose(h.model.Model, h.operations(slack), checkPatience)
}

// explain writes the history down where it stays, to be read and to be looked at.
func (h *history) explain(t *testing.T, info porcupine.LinearizationInfo, faults []*faulted) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fleetledger-proof-")
	require.NoError(t, err)
	var notes []porcupine.Annotation
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", h.name)
	for _, f := range faults {
		notes = append(notes, porcupine.Annotation{
			Tag: "faults", Start: int64(f.began), End: int64(f.healed), Description: f.kind, Details: f.String(),
		})
		fmt.Fprintf(&text, "%v\n", f)
	}
	info.AddAnnotations(notes)
	require.NoError(t, porcupine.VisualizePath(h.model.Model, info, filepath.Join(dir, "history.html")))
	slices.SortFunc(h.entries, func(a, b entry) int { return cmp.Compare(a.call, b.call) })
	for i, e := range h.entries {
		disturbed := ""
		e.said.slack = h.slack(i)
		if e.disturbed {
			disturbed = " disturbed"
		}
		fmt.Fprintf(&text, "%12s - %12s  client %2d%s  %v: %v  %s\n", e.call.Round(time.Microsecond), e.back.Round(time.Microsecond), e.client, disturbed, e.deed, e.said, e.note)
	}
	longest := []porcupine.Operation{}
	for _, partial := range info.PartialLinearizationsOperations()[0] {
		if len(partial) > len(longest) {
			longest = partial
		}
	}
	fmt.Fprintf(&text, "\nas far as an order was found:\n")
	state := h.model.Init()
	for _, o := range longest {
		_, state = h.model.Step(state, o.Input, o.Output)
		fmt.Fprintf(&text, "  %v: %v  -> %s\n", o.Input, o.Output, h.model.DescribeState(state))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "history.txt"), []byte(text.String()), 0o600))
	return dir
}
