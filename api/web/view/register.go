package view

import (
	"net/url"
	"strings"
	"time"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Register is the page that registers one device, or a file of them, as it was filled
// in, with what came of it.
type Register struct {
	Frame                              Frame
	Serial, Factor, AccountText, Offer string
	Name, Labels, OrderNumber          string
	FileName                           string
	CSV                                string // the file that was checked; empty: choose it again
	Single                             bool   // Bulk is of the one device
	Bulk                               *openapi.BulkResult
	Problem                            *client.Problem
}

// creatable are how many devices a check would register.
func (r Register) creatable() int {
	if r.Bulk == nil || r.Bulk.Summary.Created == nil {
		return 0
	}
	return *r.Bulk.Summary.Created
}

// SplitLabels are labels separated by commas.
func SplitLabels(text string) []string {
	var labels []string
	for l := range strings.SplitSeq(text, ",") {
		if l = strings.TrimSpace(l); l != "" {
			labels = append(labels, l)
		}
	}
	return labels
}

// outcomeTag is how an outcome looks; checked: it has not happened.
func outcomeTag(outcome openapi.Outcome, checked bool) (colour, icon, name string) {
	switch outcome {
	case "refused":
		return "red", "cross", "Refused"
	case "unchanged":
		return "", "same", "Unchanged"
	}
	words := map[openapi.Outcome][2]string{
		"created": {"Registered", "Can be registered"}, "transferred": {"Moved", "Can move"}, "ordered": {"Ordered", "Can be ordered"},
		"renewed": {"Renewed", "Can be renewed"}, "reversed": {"Taken back", "Can be taken back"},
		"changed": {"Changed", "Would be changed"},
	}[outcome]
	if checked {
		return "green", "check", words[1]
	}
	return "green", "check", words[0]
}

// Operation is the page of long work.
type Operation struct {
	Frame     Frame
	Operation openapi.Operation
	Results   openapi.ResultList
	From      int
	Now       time.Time
}

// running reports whether the work still goes on.
func (o Operation) running() bool {
	return o.Operation.State == "queued" || o.Operation.State == "running"
}

// did is how many items went well, and the word for it.
func (o Operation) did() (int, string) {
	s := o.Operation.Summary
	for _, one := range []struct {
		n    *int
		word string
	}{{s.Created, "registered"}, {s.Transferred, "moved"}, {s.Ordered, "ordered"}, {s.Renewed, "renewed"}, {s.Reversed, "taken back"}, {s.Changed, "changed"}} {
		if one.n != nil && *one.n > 0 {
			return *one.n, one.word
		}
	}
	switch o.Operation.Kind {
	case "registration":
		return 0, "registered"
	case "transfer":
		return 0, "moved"
	default:
		return 0, "done"
	}
}

// outcomeTab leads to the results with an outcome.
type outcomeTab struct{ value, name string }

// outcomes are the tabs: all results, and those of each outcome that there was, with
// how many they are. The one that is shown is there in any case.
func (o Operation) outcomes() []outcomeTab {
	s := o.Operation.Summary
	tabs := []outcomeTab{{"", "All"}}
	for _, one := range []struct {
		outcome openapi.Outcome
		n       *int
	}{
		{"created", s.Created}, {"transferred", s.Transferred}, {"ordered", s.Ordered}, {"renewed", s.Renewed}, {"reversed", s.Reversed},
		{"changed", s.Changed}, {"unchanged", &s.Unchanged}, {"refused", &s.Refused},
	} {
		n := 0
		if one.n != nil {
			n = *one.n
		}
		if n > 0 || o.Frame.Query.Get("outcome") == string(one.outcome) {
			_, _, name := outcomeTag(one.outcome, false)
			tabs = append(tabs, outcomeTab{string(one.outcome), name + " " + Number(n)})
		}
	}
	return tabs
}

// csv is a link to the results that are shown, as a file.
func (o Operation) csv() string {
	q := url.Values{}
	if outcomes := o.Frame.Query["outcome"]; len(outcomes) > 0 {
		q["outcome"] = outcomes
	}
	return link(o.Frame.Path+"/results.csv", q)
}

// title names the work.
func (o Operation) title() string {
	switch o.Operation.Kind {
	case "registration":
		return "Registration"
	case "transfer":
		return "Transfer"
	case "renewal":
		return "Renewal"
	case "deviceChange":
		return "Change of devices"
	}
	return Upper(string(o.Operation.Kind))
}

// progress says in one sentence how far the work is.
func (o Operation) progress() string {
	p := o.Operation.Progress
	switch o.Operation.State {
	case "queued":
		return "Waiting to start."
	case "done":
		return "All done."
	case "failed":
		return "It stopped: " + valueOf(o.Operation.Error)
	}
	percent := 0
	if p.Total > 0 {
		percent = 100 * p.Done / p.Total
	}
	text := Number(percent) + " % done"
	if o.Operation.StartedAt != nil && p.Done > 0 {
		left := o.Now.Sub(*o.Operation.StartedAt) * time.Duration(p.Total-p.Done) / time.Duration(p.Done)
		text += ", about " + Count(max(int(left.Seconds()+0.5), 1), "second", "seconds") + " left"
	}
	return text + "."
}
