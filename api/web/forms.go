package web

import (
	"net/http"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// refusal is what the interface had against a form, to be shown with the form as it
// was typed; nil for what concerns the whole page, or needs a fresh sign-in first.
func refusal(err error) *client.Problem {
	p := problemOf(err)
	if p == nil || p.Passing() || p.Status >= http.StatusInternalServerError || needsSignIn(p) {
		return nil
	}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusNotFound:
		return nil
	}
	return p
}

// refusedAll is why a bulk command did nothing: each reason that it had against an
// item, once.
func refusedAll(results []openapi.ItemResult) *client.Problem {
	p, seen, reasons := &client.Problem{}, map[string]bool{}, []openapi.ProblemError{}
	p.Status, p.Code, p.Detail = http.StatusUnprocessableEntity, "refused", "None of these devices can be changed like this."
	for _, r := range results {
		for _, one := range r.Problems {
			if !seen[one.Code+one.Detail] {
				seen[one.Code+one.Detail] = true
				reasons = append(reasons, openapi.ProblemError{Code: one.Code, Detail: one.Detail, Remedies: &one.Remedies})
			}
		}
	}
	if len(reasons) > 0 {
		p.Code, p.Detail, p.Errors = reasons[0].Code, reasons[0].Detail, &reasons
	}
	return p
}

// errorTitle tells in the title that a form came back.
func errorTitle(title string, p *client.Problem) string {
	if p == nil {
		return title
	}
	return "Error: " + title
}

// statusOf is the status of a page with a form that may have come back.
func statusOf(p *client.Problem) int {
	if p == nil {
		return http.StatusOK
	}
	return p.Status
}
