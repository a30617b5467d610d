// Package growth tells what the service needs at sizes that nobody has run it at, and
// what gives in first. It owns the tables of the README's part Growing.
//
// A Load is who uses the service and how much: assumptions. costs.go has what was measured
// of one machine, and what had to be assumed beside it. From both, capacity.go works out how
// busy each station is, and Setup.Simulate lets requests queue there, which tells how
// long they wait. Tests hold the simulation against queueing theory, and against the
// rates that were measured.
//
// It is a plan, not a measurement: no cluster was there to be measured.
package growth

//go:generate go run ./table
