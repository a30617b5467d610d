// Package ports has what the service needs from outside, besides the log and the
// read models: the keys of personal data, what signing in needs, secrets of
// external accounts, operations, mails, an OpenID Connect issuer, a clock that
// can be moved.
package ports
