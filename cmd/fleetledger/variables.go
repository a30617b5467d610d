package main

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// variablePrefix begins the names of the service's environment variables.
const variablePrefix = "FLEETLEDGER_"

// warnOfVariables names the variables of the environment that look like the
// service's and are read by nothing: most are slips of the pen.
func warnOfVariables(logger *slog.Logger, app *kong.Application, environment []string) {
	known := variables(app.Node)
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(known, name) {
			logger.Warn("nothing reads this environment variable", "variable", name, "nearest", nearest(name, known))
		}
	}
}

// variables are those that a command and the ones below it read.
func variables(n *kong.Node) []string {
	var names []string
	for _, flag := range n.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range n.Children {
		names = append(names, variables(child)...)
	}
	return names
}

// nearest is the name that takes the fewest letters to be changed, added or left
// out.
func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

// distance counts the letters to be changed, added or left out between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // of the row above, one to the left
		row[0] = i + 1
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
