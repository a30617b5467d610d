package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Device is the page of a device on a day.
type Device struct {
	Frame   Frame
	Device  openapi.Device
	Tag     string // its ETag
	Labels  string // as they are typed
	Rights  Rights
	Life    Life
	Why     []openapi.ExplainedField
	Steps   []Owner // its history, newest first, cut by owner
	Total   int     // events, with those that are not shown
	Problem *client.Problem
}

// explained are the fields that have a value; the account is told by its name elsewhere.
func (p Device) explained() []openapi.ExplainedField {
	return slices.DeleteFunc(slices.Clone(p.Why), func(f openapi.ExplainedField) bool { return f.Value == "" || f.Field == "account" })
}

// sinceWhen says by which event a field is what it is.
func sinceWhen(f openapi.ExplainedField) string {
	switch e := f.Event; {
	case e.Redacted:
		return "since before it came to this account"
	case f.Since == nil || e.Type == nil:
		return ""
	case e.ToCome:
		return "will be, by itself, on " + calendar.DateOf(*f.Since).String()
	default:
		return "since " + calendar.DateOf(*f.Since).String() + ": " + strings.ToLower(eventTitle(*e.Type))
	}
}

// Rights are what the reader may do in an account.
type Rights struct {
	All           bool
	Set           []string
	Own           bool   // it is the reader's own account
	Administrator bool   // of it
	Profile       string // the partner profile that gives them
}

// May reports whether the reader has a right there.
func (r Rights) May(right string) bool { return r.All || slices.Contains(r.Set, right) }

// Names are what accounts and people are called; empty where the reader may not know.
type Names struct {
	Accounts map[uuid.UUID]string
	People   map[string]string
}

func (n Names) account(uid *uuid.UUID) string {
	if uid == nil || n.Accounts[*uid] == "" {
		return "an account you do not reach"
	}
	return n.Accounts[*uid]
}

// actor says who did something.
func (n Names) actor(a openapi.Actor) string {
	switch a.Kind {
	case "operator":
		if a.Id != "operator" {
			return "The operator (" + a.Id + ")"
		}
		return "The operator"
	case "system":
		return "By itself, without anybody asking"
	case "user":
		if name := n.People[a.Id]; name != "" {
			return name + " of " + n.account(a.Account)
		}
		return "A user of " + n.account(a.Account)
	case "token":
		return "An API token of " + n.account(a.Account)
	}
	return "Not for you to see"
}

// Life is a device's life from its first event to today, as the ribbon draws it.
type Life struct {
	First, Last calendar.Date
	Spans       []OwnerSpan
	Events      []Point
	Days        int    // from First to Last
	Shown       int    // the day that the page shows
	Before      string // the day of the event before, empty: none
	After       string
}

// OwnerSpan is a time with one owner: from where to where on the ribbon, in per cent.
type OwnerSpan struct {
	From, Width string
	Label       string
	Class       string
}

// Point is an event on the ribbon.
type Point struct{ At string }

// Owner is the part of a history with one owner.
type Owner struct {
	Name     string
	Own      bool
	From, To calendar.Date // To zero: since then
	Events   []Step
}

// Step is one event of a history.
type Step struct {
	Title, Type string
	At          time.Time
	By, Reason  string
	Changes     []openapi.Change
	Hidden      bool
	Later       bool // than the day that the page shows
	Item        openapi.HistoryItem
}

// LifeOf makes ribbon and timeline of a history, which is oldest first.
func LifeOf(items []openapi.HistoryItem, names Names, f Frame) (Life, []Owner) {
	life := Life{Last: f.Today}
	var owners []Owner
	var days []calendar.Date
	for _, item := range items {
		step := stepOf(item, names)
		day := calendar.DateOf(step.At)
		if item.OccurredAt == nil {
			day = life.Last
			if n := len(days); n > 0 {
				day = days[n-1]
			}
		}
		days, step.Later = append(days, day), day > f.Day()
		name, own := names.account(item.Account), item.Account != nil && *item.Account == f.Own()
		if n := len(owners); n == 0 || owners[n-1].Name != name {
			if n > 0 {
				owners[n-1].To = day
			}
			owners = append(owners, Owner{Name: name, Own: own, From: day})
		}
		last := &owners[len(owners)-1]
		last.Events = append(last.Events, step)
	}
	if len(days) == 0 {
		return life, nil
	}
	life.First = days[0]
	life.draw(owners, days, f)
	for i := range owners {
		slices.Reverse(owners[i].Events)
	}
	slices.Reverse(owners)
	return life, owners
}

// draw places owners and events on the ribbon and finds the neighbouring events.
func (l *Life) draw(owners []Owner, days []calendar.Date, f Frame) {
	l.Days = max(int(l.Last-l.First), 1)
	l.Shown = int(f.Day() - l.First)
	at := func(day calendar.Date) float64 { return 100 * float64(day-l.First) / float64(l.Days) }
	percent := func(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) + "%" }
	for _, o := range owners {
		to := o.To
		if to.IsZero() {
			to = l.Last
		}
		class, label := "", o.Name
		switch {
		case o.Own:
			class, label = "mine", "You"
		case o.Events[0].Hidden:
			class, label = "hid", "Not yours to see"
		}
		l.Spans = append(l.Spans, OwnerSpan{percent(at(o.From)), percent(at(to) - at(o.From)), label, class})
	}
	for _, day := range days {
		l.Events = append(l.Events, Point{percent(at(day))})
		switch {
		case day < f.Day():
			l.Before = day.String()
		case day > f.Day() && l.After == "":
			l.After = day.String()
		}
	}
}

func stepOf(item openapi.HistoryItem, names Names) Step {
	s := Step{Item: item, Hidden: item.Redacted, Title: "Not yours to see"}
	if item.OccurredAt != nil {
		s.At = *item.OccurredAt
	}
	if item.Redacted || item.Type == nil {
		return s
	}
	s.Type, s.By, s.Reason = *item.Type, names.actor(item.Actor), item.Reason
	s.Title = eventTitle(*item.Type)
	for _, c := range item.Changes {
		if c.Field == "account" || c.Field == "heldBy" {
			c.Before, c.After = names.named(c.Before), names.named(c.After)
		}
		s.Changes = append(s.Changes, c)
	}
	return s
}

func (n Names) named(text string) string {
	uid, err := uuid.Parse(text)
	if err != nil {
		return text
	}
	return n.account(&uid)
}

// eventTitle is what an event is called for people.
func eventTitle(kind string) string {
	if title, ok := eventTitles[kind]; ok {
		return title
	}
	return kind
}

var eventTitles = map[string]string{
	"Registered": "Registered", "Transferred": "Transferred", "TransferReversed": "Transfer taken back",
	"OwnershipReleased": "Released by its account", "ServiceRenewed": "Renewed", "RenewalReversed": "Renewal taken back",
	"AllocationGranted": "Service granted", "Renamed": "Renamed", "Relabelled": "Labels changed", "Suspended": "Suspended",
	"Resumed": "Resumed", "Retired": "Retired", "Reinstated": "Reinstated", "SIMAssigned": "SIM noted", "SIMRemoved": "SIM removed",
	"OfferChanged": "Offer changed", "Held": "Held for a batch", "HoldReleased": "Batch let go", "ClaimAbandoned": "Registration given up",
}

// fieldNames are what a device's fields are called for people.
var fieldNames = map[string]string{
	"serialNumber": "Serial number", "imei": "IMEI", "mac": "MAC", "esn": "ESN", "iccid": "SIM (ICCID)", "model": "Model",
	"account": "Owner", "name": "Name", "labels": "Labels", "lifeCycleState": "State", "offer": "Offer",
	"serviceStart": "Service start", "serviceEnd": "Service end", "supportExpiry": "Support expiry", "warrantyEnd": "Warranty end",
	"autoRenew": "Renews by itself", "parkedUntil": "Parked until", "heldBy": "Held by", "term": "Term", "orderNumber": "Order number",
	"note": "Note", "firstRegistered": "First registered", "serviceStatus": "Service status", "includedUntil": "Included until",
	"allocation": "Allocation",
}

func fieldName(field string) string {
	if name, ok := fieldNames[field]; ok {
		return name
	}
	return Upper(field)
}

// shownValue is a field's value for people.
func shownValue(field, value string) string {
	switch {
	case value == "" && field == "autoRenew":
		return "no"
	case value == "":
		return "none"
	case field == "labels":
		return strings.ReplaceAll(value, "|", ", ")
	case value == "true":
		return "yes"
	case value == "false":
		return "no"
	case field == "term":
		return termName(&value, nil, nil)
	case field == "lifeCycleState", field == "offer":
		return Upper(value)
	}
	return value
}

// ribbonWords tells the ribbon to those who do not see it.
func (l Life) ribbonWords(owners []Owner) string {
	var text []string
	for i := len(owners) - 1; i >= 0; i-- {
		o := owners[i]
		if o.To.IsZero() {
			text = append(text, o.Name+" since "+o.From.String())
		} else {
			text = append(text, o.Name+" until "+o.To.String())
		}
	}
	return "Owners: " + strings.Join(text, ", ") + "."
}

// transferRight says whether the reader may transfer the device, and who can change
// that.
func transferRight(p Device) string {
	where := owner(p.Device)
	switch {
	case p.Rights.May("devices.transfer") && p.Rights.Own:
		return "It leaves your own account, where you may transfer devices. The partnership is the customer's consent."
	case p.Rights.May("devices.transfer"):
		return "You may transfer devices out of " + where + "."
	default:
		return "A transfer needs the right to transfer devices in " + where + ", which it would leave. Its administrators can give it by the partner profile."
	}
}
