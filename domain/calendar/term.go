package calendar

import (
	"fmt"
	"regexp"
	"strconv"
)

// Term is an ISO 8601 period of whole years, months and days.
type Term struct {
	Months int // years count twelve
	Days   int
}

var termForm = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?$`)

// Months makes a term of n months.
func Months(n int) Term { return Term{Months: n} }

// ParseTerm reads a period such as P1Y, P18M or P90D; an empty one is refused.
func ParseTerm(s string) (Term, error) {
	m := termForm.FindStringSubmatch(s)
	if m == nil {
		return Term{}, fmt.Errorf("%q is not a term such as P1Y", s)
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v } // digits only, by the pattern
	t := Term{Months: 12*n(1) + n(2), Days: n(3)}
	if t == (Term{}) {
		return Term{}, fmt.Errorf("the term %q is empty", s)
	}
	return t, nil
}

// String is the shortest ISO 8601 form.
func (t Term) String() string {
	s := "P"
	if y := t.Months / 12; y > 0 {
		s += strconv.Itoa(y) + "Y"
	}
	if m := t.Months % 12; m > 0 {
		s += strconv.Itoa(m) + "M"
	}
	if t.Days > 0 || s == "P" {
		s += strconv.Itoa(t.Days) + "D"
	}
	return s
}

// From is the date the term leads to from d, keeping the anchor day.
func (t Term) From(d Date, anchorDay int) Date {
	if t.Months > 0 {
		d = d.AddMonths(t.Months, anchorDay)
	}
	return d.AddDays(t.Days)
}
