// Package api is the JSON interface of the service as package openapi describes
// it: the handlers that turn requests into commands and queries of package app
// and their results into JSON, CSV and problem details.
//
// What arrives is checked here only as far as its form goes (problems of 400);
// rules and rights are the business of app and domain. A request passes, in
// this order: request id and trace, panics, metrics and log, deadline,
// authentication, size and form of the body, the description's schemas, the
// idempotency key, the handler. Errors of every stage end in one place,
// problem.go.
package api
