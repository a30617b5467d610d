// Package client is the Go client of the service's JSON interface. Its calls
// are generated from openapi.yaml, one method per operation, and so are the
// types of their parameters, bodies and results: those of package openapi,
// under the same names.
//
//	fleet, err := client.New("https://fleet.example", token)
//	...
//	customers, err := fleet.ListCustomers(ctx, &client.ListCustomersParams{Search: &name})
//	if problem, ok := errors.AsType[*client.Problem](err); ok {
//		// the service refused: problem.Code, problem.Errors, ...
//	}
//	for _, c := range customers.JSON200.Items { ... }
//
// An answer of 400 or above is an error, a *[Problem] with a stable code; the
// field of the answer that bears its status (JSON200, JSON201, JSON202) holds
// the result. Content other than JSON, such as CSV, is in Body.
//
// A read waits for what the same Client wrote before it, unless its parameters
// name a position themselves.
//
// The client does not repeat requests. A write with an Idempotency-Key may be
// repeated when [Problem.Passing] says so or no answer came.
package client

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../openapi/openapi.yaml
