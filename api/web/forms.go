package web

import (
	"net/http"

	"github.com/fleetledger/fleetledger/api/client"
)

// refusal is what the interface had against a form, to be shown with the form as it
// was typed; nil for what concerns the whole page.
func refusal(err error) *client.Problem {
	p := problemOf(err)
	if p == nil || p.Passing() || p.Status >= http.StatusInternalServerError {
		return nil
	}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusNotFound:
		return nil
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
