package view

import (
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Renew is the form that orders a renewal, as it was filled in, with its preview.
type Renew struct {
	Frame             Frame
	Devices           []string // all that were chosen
	Ticked            []string // of them those named one by one
	All               string   // the filter whose devices were chosen
	ByFilter          bool
	Term              string // a term, "until", or how to align
	Until             string
	OrderNumber, Note string
	Offer             string // another that the devices are to run on
	Preview           *openapi.RenewalPreview
	Names             map[uuid.UUID]string // of the accounts in it
	Problem           *client.Problem
}

// Request is what the form asks the interface for.
func (r Renew) Request() openapi.RenewalRequest {
	request := openapi.RenewalRequest{Devices: r.Devices, OrderNumber: filled(r.OrderNumber), Note: filled(r.Note)}
	if r.Offer != "" {
		offer := openapi.Offer(r.Offer)
		request.Offer = &offer
	}
	switch r.Term {
	case "until":
		request.Until = filled(r.Until)
	case "align":
		request.AlignTo = filled(r.Until)
	case "latest", "majority", "monthEnd":
		request.AlignTo = &r.Term
	default:
		request.Term = filled(r.Term)
	}
	return request
}

func filled(s string) *string {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return &s
}

// terms are what can be ordered.
var terms = []struct{ value, name string }{
	{"P1Y", "1 year"}, {"P3Y", "3 years"}, {"P5Y", "5 years"},
	{"until", "Until a date"}, {"align", "All to one date"}, {"latest", "All to the latest end among them"},
	{"majority", "All to the end that most have"}, {"monthEnd", "Each to the end of its month"},
}

// termName is a term for people.
func termName(term, until, alignTo *string) string {
	switch {
	case term != nil:
		for _, t := range terms {
			if t.value == *term {
				return t.name
			}
		}
		return *term
	case until != nil:
		return "until " + *until
	case alignTo != nil:
		for _, t := range terms {
			if t.value == *alignTo {
				return t.name
			}
		}
		return "all to " + *alignTo
	}
	return ""
}

// orderable are the devices that the preview would renew.
func (r Renew) orderable() int {
	if r.Preview == nil {
		return 0
	}
	n := 0
	for _, item := range r.Preview.Results {
		if item.Outcome != "refused" && item.Outcome != "unchanged" {
			n++
		}
	}
	return n
}

// previewNote says what is special about a device's new end.
func previewNote(f Frame, item openapi.RenewalPreviewItem) string {
	end := Date(item.CurrentEnd)
	switch {
	case item.Parked:
		return "It renews by itself with the reseller; the order extends what waits until it goes to a customer."
	case !end.IsZero() && end < f.Today:
		return "Ended " + Distance(end, f.Today) + ": the new term starts today, the gap is not filled."
	}
	return ""
}

// Orders is a list of renewal orders.
type Orders struct {
	Frame Frame
	List  openapi.RenewalList
	Names map[uuid.UUID]string
	State string
	Sort  string
	From  int
}

// orderedBy is the account that ordered.
func orderedBy(names map[uuid.UUID]string, account *uuid.UUID) string {
	if account == nil {
		return "The operator"
	}
	return names[*account]
}

// orderStates are the states that an order can be in, for people.
var orderStates = []struct{ state, name string }{
	{"ordered", "Waiting"}, {"applied", "Applied"}, {"declined", "Declined"}, {"withdrawn", "Withdrawn"}, {"reversed", "Taken back"},
}

// orderTag is how an order's state looks.
func orderTag(state openapi.RenewalState) (colour, icon, name string) {
	switch state {
	case "ordered":
		return "amber", "mail", "Waiting"
	case "applied":
		return "green", "check", "Applied"
	case "declined":
		return "red", "cross", "Declined"
	case "withdrawn":
		return "", "cross", "Withdrawn"
	case "reversed":
		return "", "past", "Taken back"
	}
	return "", "same", Upper(string(state))
}

// Order is a renewal order with its devices.
type Order struct {
	Frame   Frame
	Order   openapi.Renewal
	Names   map[uuid.UUID]string
	Problem *client.Problem
}

// OrderAccounts are the accounts that an order names.
func OrderAccounts(o openapi.Renewal) []uuid.UUID {
	seen := map[uuid.UUID]bool{}
	var all []uuid.UUID
	add := func(uid uuid.UUID) {
		if !seen[uid] {
			seen[uid] = true
			all = append(all, uid)
		}
	}
	if o.Account != nil {
		add(*o.Account)
	}
	for _, d := range o.Items {
		add(d.Account)
	}
	return all
}

// mine reports whether the reader's own account ordered.
func (o Order) mine() bool { return o.Order.Account != nil && *o.Order.Account == o.Frame.Own() }
