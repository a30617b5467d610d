// Package web is the desk: the pages that people work with. They are rendered here,
// work without scripts, and are a client of the JSON interface in the same process:
// a page shows and does what the interface allows its reader, and nothing else.
//
// A request goes: guard.go (headers, forged requests), session.go (who reads, by the
// session in a cookie), the page's own file (asks the interface, makes a view), and
// package view (the view becomes HTML). What a page shows is decided in the first of
// these two, how it looks in the second.
//
// Forms are posted, answered with a redirect on success and with the form again, as
// it was typed, when something is wrong. Each form carries a token that only its
// reader's session knows, and a key of its own, so that posting it twice does the
// thing once.
package web
