// Package account is the Account aggregate: a company on the platform.
//
// An account is pending until an administrator accepts: the one whom it was created
// with, or one who was invited into it. Whoever is first activates it; the one whom
// it was created with can still join later (State.Joined). Users are let in from the
// start (State.LetsIn).
//
// Closing leaves devices where they are, and can be taken back. An account that was
// never activated frees its name and its administrator's e-mail address when it is
// closed, and claims both anew when it is reopened.
//
// The account holds the e-mail address that it was created with, as long as that is
// the administrator's. Other users hold theirs themselves (package user).
package account
