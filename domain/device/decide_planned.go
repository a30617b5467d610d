package device

import (
	"slices"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Promise is what a plan has told of a device: as of a day what a transfer would
// make of it, or the problems with which it would be refused (Resulting nil).
type Promise struct {
	Day       calendar.Date
	Resulting *Resulting
	Problems  []domain.Problem
}

// DecidePlanned decides a transfer that commits a plan, on the day of the
// transfer. A plan holds over midnight: what only the date changes is done by
// the date of today, and what the rules no longer allow today is refused with
// their own codes. Whether it is the date alone is told by deciding the same
// transfer for the day of the plan: when that does not give what was promised,
// something else has changed, and the refusal has changed_since_plan besides.
//
// Names and places that others hold are known only after the decision; see
// Promise.Judge.
func DecidePlanned(s State, c Transfer, p Promise) ([]domain.Event, error) {
	events, err := DecideTransfer(s, c)
	problems := domain.ProblemsOf(err)
	if len(events) == 0 && err == nil || slices.Contains(codesOf(problems), CodeBusy) {
		return events, err // moved already, or held for the moment: nothing has changed
	}
	onDay := c
	onDay.Today = p.Day
	if p.holds(s, onDay) && (err != nil || p.Resulting != nil) {
		return events, err
	}
	var promised, now Resulting
	if p.Resulting != nil {
		promised = *p.Resulting
	}
	if err == nil {
		now = resulting(s, events, c.Rules)
	}
	return events, domain.Refuse(append([]domain.Problem{ChangedSincePlan(promised, now)}, problems...)...)
}

// holds reports whether the transfer, decided for the day of the plan, still
// gives what was promised.
func (p Promise) holds(s State, onDay Transfer) bool {
	events, err := DecideTransfer(s, onDay)
	if err == nil {
		return p.Resulting != nil && *p.Resulting == resulting(s, events, onDay.Rules)
	}
	decided := slices.DeleteFunc(codesOf(p.Problems), ofOthers)
	return p.Resulting == nil && slices.Equal(codesOf(domain.ProblemsOf(err)), decided)
}

// Judge compares the problems of a committed transfer, of the decision and of
// what others hold, with those that were promised. A device that is refused as
// promised has not changed; one that is refused because others have taken a name
// or a place since has.
func (p Promise) Judge(problems []domain.Problem) []domain.Problem {
	changed := func(found domain.Problem) bool { return found.Code == CodeChangedSincePlan }
	now := codesOf(slices.DeleteFunc(slices.Clone(problems), changed))
	promised := codesOf(p.Problems)
	taken := func(code string) bool { return ofOthers(code) && !slices.Contains(promised, code) }
	switch said := slices.ContainsFunc(problems, changed); {
	case said && len(now) > 0 && slices.Equal(now, promised):
		return slices.DeleteFunc(slices.Clone(problems), changed)
	case !said && slices.ContainsFunc(now, taken):
		var was Resulting
		if p.Resulting != nil {
			was = *p.Resulting
		}
		return append([]domain.Problem{ChangedSincePlan(was, Resulting{})}, problems...)
	}
	return problems
}

// ofOthers reports whether a code is that of a reservation which others hold.
func ofOthers(code string) bool {
	return code == CodeNameTaken || code == CodeLimitReached || code == CodeFactorTaken
}

// resulting is what the events of a transfer make of a device.
func resulting(s State, events []domain.Event, r Rules) Resulting {
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s.Resulting(r)
}

// codesOf lists the codes in order.
func codesOf(problems []domain.Problem) []string {
	codes := make([]string, len(problems))
	for i, p := range problems {
		codes[i] = p.Code
	}
	slices.Sort(codes)
	return codes
}
