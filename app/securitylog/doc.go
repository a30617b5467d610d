// Package securitylog shows who has signed in, was refused, made a token or changed
// what protects an account. What the log of events tells the reactions enter
// (reactions.Security); what is no event is noted where it is decided: sign-ins and
// tokens in people, refusals here.
package securitylog
