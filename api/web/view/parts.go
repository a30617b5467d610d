package view

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// merged puts the attributes of a form together.
func merged(all []templ.Attributes) templ.Attributes {
	one := templ.Attributes{}
	for _, attributes := range all {
		for name, value := range attributes {
			one[name] = value
		}
	}
	return one
}

// Colour is the class of the renewal window with an index.
func Colour(index int) string { return [...]string{"red", "amber", "green"}[index] }

// Mark is the symbol of the renewal window with an index: its fullness says how soon.
func Mark(index int) string { return "w" + strconv.Itoa(index+1) }

// systems is the word for a number of devices, as the vendor's columns have it.
func systems(n int) string {
	if n == 1 {
		return "system"
	}
	return "systems"
}

// headline is the first sentence about a refusal.
func headline(p *client.Problem) string {
	if n := len(reasons(p)); n > 1 {
		return "Nothing was changed, for " + strconv.Itoa(n) + " reasons."
	}
	return "Nothing was changed."
}

// reasons are all problems of a refusal, at least one.
func reasons(p *client.Problem) []openapi.ProblemError {
	if p.Errors != nil && len(*p.Errors) > 0 {
		return *p.Errors
	}
	return []openapi.ProblemError{{Code: p.Code, Detail: p.Detail}}
}

// Direction is how a list is ordered by a key, as aria-sort has it; empty when it is
// ordered by another.
func Direction(sorted, key string) string {
	first, _, _ := strings.Cut(sorted, ",")
	switch first {
	case key:
		return "ascending"
	case "-" + key:
		return "descending"
	}
	return ""
}

// Turned is the order that a click on a header asks for.
func Turned(sorted, key string) string {
	if Direction(sorted, key) == "ascending" {
		return "-" + key
	}
	return key
}

func nextPage(f Frame, cursor string, from int) string {
	return f.With("cursor", cursor, "from", strconv.Itoa(from))
}

// earlier and later are the day one month before and after the one shown.
func earlier(f Frame) string { return f.Day().AddMonths(-1, f.Day().Day()).String() }

func later(f Frame) string { return f.Day().AddMonths(1, f.Day().Day()).String() }

// problemAt is what is wrong with a field of a form, empty when nothing is.
func problemAt(p *client.Problem, pointer string) string {
	if p == nil {
		return ""
	}
	for _, e := range reasons(p) {
		if e.Pointer != nil && *e.Pointer == pointer {
			return e.Detail
		}
	}
	return ""
}

// fieldClass marks a field with something wrong.
func fieldClass(p *client.Problem, pointer string) string {
	if problemAt(p, pointer) != "" {
		return "field wrong"
	}
	return "field"
}

// invalid tells assistive technology what is wrong with a field.
func invalid(p *client.Problem, pointer, id string) templ.Attributes {
	if problemAt(p, pointer) == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": id + "-wrong"}
}
