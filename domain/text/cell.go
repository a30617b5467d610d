package text

import (
	"strings"
	"unicode"
)

// formula are the signs that a spreadsheet takes for the beginning of a formula, and
// the full-width ones that some make of them.
const formula = "=+-@＝＋－＠"

// Cell gives a text for a cell of a CSV file, so that no spreadsheet takes any of it
// for a formula: an apostrophe stands before the sign. One that separates by semicolons
// or tabs, as many are set to, begins a cell after each of them, within quotes too: what
// opens the quotes is not at the beginning of a cell for it. The same holds for lines.
func Cell(s string) string {
	if !strings.ContainsAny(s, formula+"\t\r\n") {
		return s
	}
	var b strings.Builder
	begins := true
	for i, r := range s {
		if begins && (strings.ContainsRune(formula, r) || i == 0 && (r == '\t' || r == '\r' || r == '\n')) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = r == ';' || r == '\t' || r == '\r' || r == '\n' || begins && (unicode.IsSpace(r) || r == '"' || unseen(r))
	}
	return b.String()
}
