package view

import (
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Frame is what every page has round its content.
type Frame struct {
	Title     string
	Section   string // which part of the navigation the page belongs to
	Me        openapi.Me
	Today     calendar.Date
	AsOf      calendar.Date // zero: today
	Path      string        // of the page
	Query     url.Values    // of the page
	FormToken string        // what the forms of the session carry
	Done      string        // what a form has just done, see done
	// Where the assets are.
	Style, Start, Script, Icon string
}

// SignedIn reports whether the page has a reader that is known.
func (f Frame) SignedIn() bool { return f.Me.Kind != "" }

// Operator reports whether the reader is the platform owner.
func (f Frame) Operator() bool { return f.Me.Kind == "operator" }

// Auditor reports whether the reader reads by an audit grant.
func (f Frame) Auditor() bool { return f.Me.Kind == "auditor" }

// Reseller reports whether the reader's own account has customers.
func (f Frame) Reseller() bool {
	return f.Me.AccountType != nil && *f.Me.AccountType == openapi.Reseller
}

// Own is the reader's own account, uuid.Nil for those who have none.
func (f Frame) Own() uuid.UUID {
	if f.Me.Account == nil {
		return uuid.Nil
	}
	return *f.Me.Account
}

// May reports whether the reader has a right in the own account; the operator has
// all of them.
func (f Frame) May(right string) bool {
	return f.Operator() || slices.Contains(f.Me.Rights, right)
}

// Present reports whether the page shows today: only then can things be changed.
func (f Frame) Present() bool { return f.AsOf.IsZero() }

// Future reports whether the page shows a day that is still to come.
func (f Frame) Future() bool { return f.AsOf > f.Today }

// Day is the day that the page shows.
func (f Frame) Day() calendar.Date {
	if f.Present() {
		return f.Today
	}
	return f.AsOf
}

// Distance says how far a day is from the one that the page shows.
func (f Frame) Distance(day calendar.Date) string {
	if f.Present() {
		return Distance(day, f.Today)
	}
	return apart(day, f.AsOf)
}

// Reader is how the reader is called.
func (f Frame) Reader() string {
	switch {
	case f.Operator():
		return "Operator"
	case f.Me.Person != nil && f.Me.Person.Name != "":
		return f.Me.Person.Name
	case f.Me.Person != nil:
		return f.Me.Person.Email
	}
	return f.Me.Kind
}

// Account is the name of the reader's own account.
func (f Frame) Account() string {
	if f.Me.AccountName != nil {
		return *f.Me.AccountName
	}
	return f.Reader()
}

// At is a link to a path on the day that the page shows. Names and values come in
// turn; those without a value are left out.
func (f Frame) At(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if !f.Present() {
		values.Set("asOf", f.AsOf.String())
	}
	return link(path, values)
}

// With is a link to this page with some parameters changed; an empty value removes
// one. The place in a list is left, since it is another list then.
func (f Frame) With(pairs ...string) string {
	values := url.Values{}
	for name, all := range f.Query {
		values[name] = all
	}
	for _, name := range []string{"cursor", "from", "done"} {
		values.Del(name)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			values.Del(pairs[i])
		} else {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return link(f.Path, values)
}

func link(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// Kept are the page's parameters that a GET form has to carry on, in order.
func (f Frame) Kept(except ...string) []Param {
	var kept []Param
	for name, all := range f.Query {
		if slices.Contains(append(except, "cursor", "from", "done"), name) {
			continue
		}
		for _, value := range all {
			kept = append(kept, Param{name, value})
		}
	}
	slices.SortStableFunc(kept, func(a, b Param) int { return compare(a.Name, b.Name) })
	return kept
}

// Param is a name and its value.
type Param struct{ Name, Value string }

// key names one filling-in of a form.
func key() string { return uuid.Must(uuid.NewV7()).String() }

// Failure is a page that says what did not happen.
type Failure struct {
	Title, Detail string
	Request       string // its number, to find it in the log
}
