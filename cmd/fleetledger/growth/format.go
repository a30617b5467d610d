package growth

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// amount is a number in two significant digits.
func amount(x float64) string {
	if x == 0 {
		return "0"
	}
	digits := math.Pow10(int(math.Floor(math.Log10(math.Abs(x)))) - 1)
	rounded := math.Round(x/digits) * digits
	return grouped(strconv.FormatFloat(rounded, 'f', max(0, -int(math.Floor(math.Log10(digits)))), 64))
}

// grouped has a comma before every three digits.
func grouped(digits string) string {
	whole, fraction, _ := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		return whole + "." + fraction
	}
	return whole
}

// scaled is an amount in the largest of the units that it has one of.
func scaled(x float64, units []unit) string {
	for _, u := range units {
		if x >= u.size*0.995 || u == units[len(units)-1] {
			return strings.TrimSpace(amount(x/u.size) + " " + u.name)
		}
	}
	return amount(x)
}

type unit struct {
	size float64
	name string
}

func count(x float64) string { return scaled(x, []unit{{1e9, "billion"}, {1e6, "M"}, {1, ""}}) }
func bytes(x float64) string { return scaled(x, []unit{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}}) }

// span is a duration.
func span(seconds float64) string {
	return scaled(seconds, []unit{{24 * 3600, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}})
}

// percent of a part; what is hardly there is below one.
func percent(part float64) string {
	if part < 0.01 {
		return "under 1 %"
	}
	return fmt.Sprintf("%s %%", amount(part*100))
}

// rate is an amount a second; what is hardly there is below a tenth.
func rate(x float64) string {
	if x < 0.1 {
		return "under 0.1"
	}
	return amount(x)
}

// wide is the longest line of the README's text.
const wide = 120

// wrapped breaks an item of a list into lines, none of them between a number and its unit.
func wrapped(item string) string {
	lines := []string{""}
	for i, piece := range pieces(item) {
		last := len(lines) - 1
		switch {
		case i == 0:
			lines[last] = piece
		case len(lines[last])+1+len(piece) > wide:
			lines = append(lines, "  "+piece)
		default:
			lines[last] += " " + piece
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// pieces are words, a number together with the word after it.
func pieces(text string) []string {
	var all []string
	for _, word := range strings.Fields(text) {
		last := len(all) - 1
		if last >= 0 && strings.ContainsAny(all[last][len(all[last])-1:], "0123456789") {
			all[last] += " " + word
		} else {
			all = append(all, word)
		}
	}
	return all
}
