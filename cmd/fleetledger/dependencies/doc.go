// Package dependencies tells what the program is made of besides its own source, and
// why. Why: reasons.txt has a line for each module that go.mod requires directly.
// Licences: licences.txt has one for each module that is compiled into the program, and
// is made by the command beside it. Tests hold both against go.mod and the source.
//
// Besides modules there are htmx (0BSD, api/web/assets) and the list of common passwords
// of zxcvbn (MIT, domain/user) in it.
//
// What a program that was built is made of, it says itself: `fleetledger version --json`,
// or `go version -m fleetledger`.
package dependencies

//go:generate go run ./list
