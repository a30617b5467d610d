package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// Problem is an answer of 400 or above as an error. An answer from something in
// between, such as a proxy, has no code, and its text as Detail. Header has the rest:
// Retry-After, and of a 412 the present ETag and the position to read it at, which
// may be given to Client.After.
type Problem struct {
	openapi.Problem
	Header http.Header
}

func (p *Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d %s: %s", p.Status, p.Code, p.Detail)
	if p.Errors != nil && len(*p.Errors) > 1 {
		for _, e := range *p.Errors {
			fmt.Fprintf(&text, "; %s: %s", e.Code, e.Detail)
		}
	}
	return text.String()
}

// Passing reports whether the same request may succeed a moment later; the
// header Retry-After says when.
func (p *Problem) Passing() bool { return p.Header.Get("Retry-After") != "" }

// Codes lists the codes of all that is wrong, at least one.
func (p *Problem) Codes() []string {
	if p.Errors == nil || len(*p.Errors) == 0 {
		return []string{p.Code}
	}
	codes := make([]string, len(*p.Errors))
	for i, e := range *p.Errors {
		codes[i] = e.Code
	}
	return codes
}

func readProblem(from *http.Response) (*Problem, error) {
	const longest = 16 << 20
	body, err := io.ReadAll(io.LimitReader(from.Body, longest))
	err = errors.Join(err, from.Body.Close())
	p := &Problem{Header: from.Header}
	if json.Unmarshal(body, &p.Problem) != nil || p.Code == "" {
		p.Title, p.Detail = http.StatusText(from.StatusCode), string(body[:min(len(body), 1000)])
	}
	p.Status = from.StatusCode
	return p, err
}
