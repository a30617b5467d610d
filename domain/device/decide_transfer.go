package device

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Eligibility is the policy that says which service a transferred device gets,
// and whether any. Version 2 counts the first registration into a standard
// account as the included term that a device gets once; version 1 did not, so
// that a way through a reseller's account gave a second one.
const (
	Eligibility        = "eligibility"
	EligibilityVersion = 2
)

// Transfer moves a device from one account to another. ID is one for all
// devices of a request. By is the caller, see TransferRights. Partnered: the
// accounts have a partnership. Offer, when named, must be the device's present
// one. Name is the device's in the target account; empty keeps it.
type Transfer struct {
	ID        uuid.UUID
	From, To  Owner
	By        Mover
	Partnered bool
	Offer     catalogue.Offer
	Name      string
	Model     catalogue.Model
	Today     calendar.Date
	Rules     Rules
}

// DecideTransfer decides the transfer of a device. It returns all problems
// that apply; those of the device itself only when the source account has it,
// since the caller may see nothing of another account's device. There are events
// beside a refusal wherever the device could be in the target account.
func DecideTransfer(s State, c Transfer) ([]domain.Event, error) {
	if slices.Contains(s.Applied, c.ID) {
		return nil, nil
	}
	if !s.Exists() {
		return nil, domain.Refuse(slices.Concat([]domain.Problem{NotFound()}, c.between(), c.By.mayLeave(c.From.UID))...)
	}
	if s.Account != c.From.UID {
		return nil, domain.Refuse(slices.Concat(
			[]domain.Problem{notInSource("The device is not in the source account.")}, c.between(), c.By.mayLeave(c.From.UID))...)
	}
	service, consumed, refused := c.service(s)
	problems := slices.Concat(c.between(), TransferRights(s, c.To, c.By), usable(s), s.simInto(c.To), c.offer(s), refused)
	if s.LifeCycle == OutOfService || c.To.UID == c.From.UID || c.To.Status == "" && len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{c.event(s, service, consumed)}, domain.Refuse(problems...)
}

// event moves the device to the service that was decided.
func (c Transfer) event(s State, service Service, consumed bool) Transferred {
	e := Transferred{
		Device:   s.UID,
		Transfer: c.ID,
		From:     c.From.UID,
		To:       c.To.UID,
		Name:     c.Name,
		Service:  service,
		Consumed: consumed,
		Policy:   Policy{Name: Eligibility, Version: EligibilityVersion, Included: c.Rules.IncludedTransfer},
	}
	if e.Name == "" {
		e.Name = s.Name
	}
	if c.To.Reseller() {
		e.Parked = s.Parked
		if !s.resellers() {
			e.Parked = new(s.Allocation())
		}
	}
	return e
}

// between is what stands against a transfer between the two accounts, whatever
// the device.
func (c Transfer) between() []domain.Problem {
	var problems []domain.Problem
	if c.From.UID == c.To.UID {
		problems = append(problems, problem(CodeTargetSame, "Source and target are the same account.", nil, chooseTarget))
	} else if !c.Partnered {
		problems = append(problems, NotPartnered())
	}
	if !c.From.Reseller() && !c.To.Reseller() {
		problems = append(problems, problem(CodeNeitherIsReseller, "Neither of the two accounts is a reseller account.", nil, useReseller))
	}
	if c.To.Status == account.Closed {
		problems = append(problems, targetClosed())
	}
	return problems
}

// offer checks that the device can keep its offer in the target account.
func (c Transfer) offer(s State) []domain.Problem {
	var problems []domain.Problem
	current := s.Service.Offer
	wanted := c.Offer
	if wanted == "" {
		wanted = current
		if !c.To.has(current) {
			if other, ok := c.To.offerFor(c.Model, ""); ok {
				wanted = other
			}
		}
	}
	if wanted != current {
		problems = append(problems, problem(CodeOfferTypeMismatch, fmt.Sprintf("The device runs on %s and would run on %s there; it is transferred only under its present offer type.", current, wanted),
			map[string]string{"offer": string(current), "targetOffer": string(wanted)}, keepOffer))
	}
	if lacking := !c.To.has(current); lacking || !c.To.has(wanted) || !c.Model.Supports(wanted) {
		if lacking {
			wanted = current
		}
		remedies := []domain.Remedy{addOffer, chooseTarget}
		switch {
		case c.Model.Supports(wanted):
		case wanted != current:
			remedies = []domain.Remedy{keepOffer}
		default: // the model has lost it since the device was registered
			remedies = []domain.Remedy{changeOffer}
		}
		problems = append(problems, offerNotAvailable(wanted, c.Model, c.To.Offers, remedies...))
	}
	return problems
}

// service is the service in the target account by the eligibility policy, and
// whether the included term starts anew with it.
func (c Transfer) service(s State) (service Service, consumed bool, problems []domain.Problem) {
	offer := s.Service.Offer
	if c.To.Reseller() {
		return c.To.newService(offer, c.Today, Allocation{}, c.Rules), false, nil
	}
	var best Allocation
	if !s.resellers() {
		best = s.Allocation()
	} else if s.Parked != nil {
		best = *s.Parked
	}
	if !s.Consumed && c.Today <= s.Included.Until {
		consumed = c.Rules.IncludedTransfer != IncludedRemainder
		if included := c.included(s); included.Until > best.Until {
			best = included
		}
	}
	switch {
	case best.Until >= c.Today && !best.Until.IsZero():
		return c.To.newService(offer, c.Today, best, c.Rules), consumed, nil
	case best.Until.IsZero():
		return Service{}, false, []domain.Problem{problem(CodeAllocationMissing,
			"The device is past its included service and has no other service allocation.",
			c.facts("includedUntil", s.Included.Until.String()), purchaseRenewal, requestAllocation)}
	default:
		return Service{}, false, []domain.Problem{problem(CodeAllocationExpired,
			"The service allocation of the device has run out.",
			c.facts("includedUntil", s.Included.Until.String(), "allocationUntil", best.Until.String()),
			purchaseRenewal, requestAllocation)}
	}
}

// facts are what the policy refused by: its version and switch, the day, and what else is
// named, names and values in turn.
func (c Transfer) facts(pairs ...string) map[string]string {
	facts := map[string]string{
		"policy": Eligibility, "policyVersion": strconv.Itoa(EligibilityVersion), "included": c.Rules.IncludedTransfer, "on": c.Today.String(),
	}
	for pair := range slices.Chunk(pairs, 2) {
		facts[pair[0]] = pair[1]
	}
	return facts
}

// included is what a transfer within the included year gives: a new term from
// today, or what is left of the year, which may be more when the model's term
// has become shorter since.
func (c Transfer) included(s State) Allocation {
	anew := newIncluded(c.Model, c.Today)
	if c.Rules.IncludedTransfer == IncludedRemainder || anew.Until < s.Included.Until {
		return s.Included
	}
	return anew
}
