// Package codes has what every code of a problem and of a remedy means: codes.txt is
// the one table of them.
package codes

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed codes.txt
var table string

// Section is a part of the table.
type Section struct {
	Title string
	Codes []Code
}

// Code is what a code means, why it is answered and what to do.
type Code struct {
	Code, Meaning, Cause, Remedy string
	Status                       int // of a problem, where it is known: the table has none
}

// Remedies is the title of the section of remedies; all others are of problems.
const Remedies = "Remedies"

// All reads the table.
func All() ([]Section, error) {
	var all []Section
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		title, opens := strings.CutPrefix(line, "## ")
		switch {
		case opens:
			all = append(all, Section{Title: title})
		case line == "", strings.HasPrefix(line, "#"):
		default:
			cells := strings.Split(line, " | ")
			if len(cells) != 4 || len(all) == 0 {
				return nil, fmt.Errorf("table of codes: %q is not code | meaning | cause | remedy in a section", line)
			}
			last := &all[len(all)-1]
			last.Codes = append(last.Codes, Code{Code: cells[0], Meaning: cells[1], Cause: cells[2], Remedy: cells[3]})
		}
	}
	return all, nil
}

// Page is where a problem's code is explained.
func Page(code string) string { return "/docs/codes#" + code }
