package device

import (
	"fmt"
	"slices"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Because says why a value is what it is: the rule, what went into it, and both in a
// sentence. The zero value says nothing: an event just tells the value.
type Because struct {
	Rule    Rule
	Version int // of the rule, where it has versions
	Inputs  []Input
	Text    string
}

// Input is what went into a rule, under the names that clients know.
type Input struct{ Name, Value string }

// Rule names what makes a date of a device.
type Rule string

// The rules.
const (
	RuleIncluded  Rule = "included_term"        // the term that comes with a new device
	RuleAnew      Rule = "included_term_anew"   // begun again by a transfer within the included year
	RuleRemainder Rule = "included_remainder"   // what is left of the included year
	RuleFree      Rule = "free_term"            // of a reseller's device, renewing by itself
	RuleRenewal   Rule = "renewal"              // by an order
	RuleGrant     Rule = "grant"                // by the operator
	RuleWaiting   Rule = "allocation_comes_on"  // what the device has a right to, in its new account
	RuleRestored  Rule = "as_before"            // a transfer or an order was taken back
	RuleSupport   Rule = "support_expiry"       // follows the service of complete and premium
	RuleWarranty  Rule = "warranty_end"         // from the first registration, following the service
	RuleStatus    Rule = "service_status"       // by the day
	RuleAutoRenew Rule = "renews_by_itself"     // in a reseller's account
	RuleAllotted  Rule = "service_allocation"   // what the service runs on, or what waits
	RuleYear      Rule = "included_year"        // from the first registration anywhere
	RuleOrder     Rule = "latest_order_counted" // the number of the latest order that counts
)

// OfFields reports whether what goes into a rule is other fields of the device alone,
// and not what an event says besides.
func (r Rule) OfFields() bool {
	switch r {
	case RuleSupport, RuleWarranty, RuleStatus, RuleAutoRenew, RuleAllotted, RuleYear:
		return true
	}
	return false
}

// becauseOfEnd explains the end that an event, on a day, gave a device's service, or
// what waits for it. The state is the one after it.
func becauseOfEnd(after State, e domain.Event, day calendar.Date) Because {
	switch e := e.(type) {
	case Registered:
		if e.Service.AutoRenew {
			return term(RuleFree, "a free term, as the account is a reseller's,", e.Service, "the registration")
		}
		return term(RuleIncluded, "the term that comes with the device,", e.Service, "the registration")
	case Transferred:
		return becauseOfTransfer(after, e)
	case ServiceRenewed:
		return becauseOfRenewal(e, day)
	case AllocationGranted:
		return Because{
			Rule: RuleGrant, Inputs: inputs("oldEnd", e.OldEnd.String(), "until", e.Allocation.Until.String()),
			Text: "granted by the operator on " + day.String(),
		}
	case TransferReversed:
		return Because{Rule: RuleRestored, Text: "as before the transfer that was taken back on " + day.String()}
	case RenewalReversed:
		return Because{
			Rule: RuleRestored, Inputs: inputs("oldEnd", e.OldEnd.String()),
			Text: "as before the order that was taken back on " + day.String(),
		}
	}
	return Because{}
}

// becauseOfWaiting explains what an event, on a day, made of what waits while a
// reseller holds the device.
func becauseOfWaiting(after State, e domain.Event, day calendar.Date) Because {
	if moved, ok := e.(Transferred); ok && moved.Parked != nil {
		return Because{
			Rule: RuleWaiting, Version: moved.Policy.Version, Inputs: inputs("policy", moved.Policy.Name, "kind", string(moved.Parked.Source)),
			Text: fmt.Sprintf("what the device had (%s) waits since the transfer on %s, as long as a reseller has it", moved.Parked.Source, day),
		}
	}
	if after.Parked == nil {
		return Because{}
	}
	return becauseOfEnd(after, e, day)
}

// becauseOfTransfer is Transfer.service told backwards, by what its event kept.
func becauseOfTransfer(after State, e Transferred) Because {
	s := e.Service
	if s.AutoRenew {
		return term(RuleFree, "a free term, as the account is a reseller's,", s, "the transfer")
	}
	b := Because{Rule: RuleWaiting, Text: fmt.Sprintf("what the device has a right to (%s) comes with the transfer on %s", s.Source, s.Start)}
	switch {
	case s.Source == SourceIncluded && s.End == after.Included.Until:
		b = Because{Rule: RuleRemainder, Text: "until the included year ends, from the transfer on " + s.Start.String()}
	case s.Source == SourceIncluded && e.Consumed:
		b = term(RuleAnew, "the included term, begun anew within the included year,", s, "the transfer")
	}
	b.Version = e.Policy.Version
	b.Inputs = append(b.Inputs, inputs("policy", e.Policy.Name, "included", e.Policy.Included, "includedUntil", after.Included.Until.String())...)
	b.Text += fmt.Sprintf("; %s version %d, included until %s", e.Policy.Name, e.Policy.Version, after.Included.Until)
	return b
}

// becauseOfRenewal goes by the same arithmetic as termAfter.
func becauseOfRenewal(e ServiceRenewed, day calendar.Date) Because {
	b := Because{Rule: RuleRenewal, Inputs: inputs("oldEnd", e.OldEnd.String(), "orderNumber", e.OrderNumber)}
	if e.Automatic {
		b.Rule = RuleFree
	}
	length, err := calendar.ParseTerm(e.Term)
	from, found := base(e, length, day)
	switch {
	case err != nil || !found:
		b.Text = "ordered until " + e.NewEnd.String()
	case e.Automatic:
		b.Text = fmt.Sprintf("the free term renews by itself, %s after %s", spoken(length), from)
	case from == e.OldEnd:
		b.Text = fmt.Sprintf("%s after the end before it, %s, by order", spoken(length), from)
	default:
		b.Text = fmt.Sprintf("%s from %s, when the order was applied and nothing was left of the service", spoken(length), from)
	}
	if err == nil && found {
		b.Inputs = append(b.Inputs, inputs("term", e.Term, "from", from.String(), "anchorDay", fmt.Sprint(e.AnchorDay))...)
	}
	return b
}

// base is the day that a term was counted from: the later of the end before and the
// day of the decision, which may be the day before that of the event.
func base(e ServiceRenewed, length calendar.Term, day calendar.Date) (calendar.Date, bool) {
	for _, from := range []calendar.Date{max(day, e.OldEnd), max(day-1, e.OldEnd), e.OldEnd} {
		if from > 0 && length.From(from, e.AnchorDay) == e.NewEnd {
			return from, true
		}
	}
	return 0, false
}

// term explains a service that began on a day for whole months, which the events do
// not say: they keep both ends.
func term(rule Rule, what string, s Service, event string) Because {
	b := Because{Rule: rule, Inputs: inputs("from", s.Start.String()), Text: fmt.Sprintf("%s until %s, from %s on %s", what, s.End, event, s.Start)}
	if length, ok := wholeMonths(s.Start, s.End, s.AnchorDay); ok {
		b.Inputs = append(b.Inputs, inputs("term", length.String(), "anchorDay", fmt.Sprint(s.AnchorDay))...)
		b.Text = fmt.Sprintf("%s %s from %s on %s", what, spoken(length), event, s.Start)
	}
	return b
}

// wholeMonths is the term between two days, by the arithmetic of Term.From.
func wholeMonths(from, to calendar.Date, anchorDay int) (calendar.Term, bool) {
	a, b := from.Time(), to.Time()
	length := calendar.Months((b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month()))
	return length, length.Months > 0 && length.From(from, anchorDay) == to
}

// spoken writes a term as people say it.
func spoken(t calendar.Term) string {
	many := func(n int, unit string) string {
		if n == 1 {
			return "one " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case t.Months == 0:
		return many(t.Days, "day")
	case t.Months%12 == 0 && t.Days == 0:
		return many(t.Months/12, "year")
	case t.Days == 0:
		return many(t.Months, "month")
	}
	return t.String()
}

// inputs takes names and values in turn; those without a value are left out.
func inputs(pairs ...string) []Input {
	var all []Input
	for pair := range slices.Chunk(pairs, 2) {
		if in := (Input{pair[0], pair[1]}); in.Value != "" {
			all = append(all, in)
		}
	}
	return all
}
