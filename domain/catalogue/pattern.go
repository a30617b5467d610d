package catalogue

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
)

// Limits of serial patterns: what takes longer to compare is no pattern of serial
// numbers.
const (
	maxPattern      = 200 // bytes
	maxInstructions = 1000
)

// serials are the characters of serial numbers, serialNumbers all of these.
const serials = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

var serialNumbers = regexp.MustCompile(`^[0-9A-Z]{4,32}$`)

// Pattern reads a serial pattern that an operator wrote. It has to fit whole serial
// numbers, from ^ to $, and at least one that there can be.
func Pattern(s string) (*regexp.Regexp, error) {
	if len(s) > maxPattern {
		return nil, fmt.Errorf("is longer than %d bytes", maxPattern)
	}
	pattern, err := regexp.Compile(s)
	if err != nil {
		return nil, errors.New("is no regular expression")
	}
	if !anchored(s) {
		return nil, errors.New("does not begin with ^ and end with $")
	}
	if len(program(pattern).Inst) > maxInstructions {
		return nil, errors.New("is too complicated")
	}
	if _, fits := Overlap(pattern, serialNumbers); !fits {
		return nil, errors.New("fits no serial number")
	}
	return pattern, nil
}

func anchored(s string) bool {
	parsed, err := syntax.Parse(s, syntax.Perl)
	if err != nil || parsed.Op != syntax.OpConcat {
		return false
	}
	return parsed.Sub[0].Op == syntax.OpBeginText && parsed.Sub[len(parsed.Sub)-1].Op == syntax.OpEndText
}

func program(pattern *regexp.Regexp) *syntax.Prog {
	parsed, err := syntax.Parse(pattern.String(), syntax.Perl)
	if err != nil {
		panic("catalogue: a compiled pattern does not parse: " + err.Error())
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		panic("catalogue: a compiled pattern does not compile: " + err.Error())
	}
	return compiled
}

// Overlap finds the shortest text of the characters of serial numbers that two
// anchored patterns both fit, and reports whether there is one. Word boundaries
// count as fulfilled.
//
// It walks through both programs at once, by pairs of instructions, each pair once.
func Overlap(a, b *regexp.Regexp) (example string, overlaps bool) {
	one, other := program(a), program(b)
	type pair struct{ a, b uint32 }
	type step struct {
		at   pair
		from int // the step before
		by   byte
	}
	var steps []step
	seen := map[pair]bool{}
	reach := func(a, b uint32, from int, by byte) {
		for _, x := range consuming(one, a) {
			for _, y := range consuming(other, b) {
				if p := (pair{x, y}); !seen[p] {
					seen[p] = true
					steps = append(steps, step{p, from, by})
				}
			}
		}
	}
	reach(uint32(one.Start), uint32(other.Start), -1, 0)
	for i := 0; i < len(steps); i++ { //nolint:intrange // steps grows meanwhile
		x, y := &one.Inst[steps[i].at.a], &other.Inst[steps[i].at.b]
		if x.Op == syntax.InstMatch && y.Op == syntax.InstMatch {
			var text []byte
			for at := i; steps[at].from >= 0; at = steps[at].from {
				text = append(text, steps[at].by)
			}
			slices.Reverse(text)
			return string(text), true
		}
		if x.Op == syntax.InstMatch || y.Op == syntax.InstMatch {
			continue
		}
		for _, c := range []byte(serials) {
			if x.MatchRune(rune(c)) && y.MatchRune(rune(c)) {
				reach(x.Out, y.Out, i, c)
			}
		}
	}
	return "", false
}

// consuming are the instructions that take a character, or the end, which a program
// can be at without taking one from an instruction on.
func consuming(p *syntax.Prog, from uint32) []uint32 {
	var found []uint32
	seen := map[uint32]bool{}
	var visit func(uint32)
	visit = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch in := p.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(in.Out)
			visit(in.Arg)
		case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
			visit(in.Out)
		case syntax.InstFail:
		default:
			found = append(found, pc)
		}
	}
	visit(from)
	return found
}
