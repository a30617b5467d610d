package query

// Window is a renewal window: a span of whole UTC days from today, both ends
// inclusive.
type Window struct {
	Name    string
	Colour  string
	FromDay int
	ToDay   int
}

// Windows are the three renewal windows, disjoint and in order.
type Windows [3]Window

// DefaultWindows are 0-30 red, 31-60 amber, 61-90 green.
var DefaultWindows = Windows{
	{"red", "red", 0, 30},
	{"amber", "amber", 31, 60},
	{"green", "green", 61, 90},
}
