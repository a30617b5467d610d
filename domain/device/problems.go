package device

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

func problem(code, detail string, facts map[string]string, remedies ...domain.Remedy) domain.Problem {
	return domain.Problem{Code: code, Detail: detail, Facts: facts, Remedies: remedies}
}

// of gives the problem another kind than Refused.
func of(k domain.Kind, p domain.Problem) domain.Problem {
	p.Kind = k
	return p
}

func invalid(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}

// The exported constructors are for rules that only the use cases can check.

// SelectionEmpty refuses a request without devices.
func SelectionEmpty() domain.Problem {
	return problem(CodeSelectionEmpty, "No devices were named.", nil, selectDevices)
}

// NotFound says that there is no such device, or none the caller may see.
func NotFound() domain.Problem {
	return of(domain.Missing, problem(CodeDeviceNotFound, "There is no such device.", nil, checkDevice))
}

// TargetUnknown says that there is no account with the given UID.
func TargetUnknown() domain.Problem {
	return problem(CodeTargetUnknown, "There is no account with this UID.", nil, checkTarget)
}

// TargetIsReseller says that nobody else registers into a reseller's account.
func TargetIsReseller() domain.Problem {
	return of(domain.Forbidden, problem(CodeTargetIsReseller,
		"The account is a reseller's; only that reseller registers devices into it.", nil, chooseTarget))
}

// MissingRight says that the caller lacks a right in an account.
func MissingRight(right string, account uuid.UUID) domain.Problem {
	return of(domain.Forbidden, problem(CodeMissingRight, "Needs "+right+" in the account.",
		map[string]string{"right": right, "account": account.String()}, requestRight))
}

// NotPartnered says that there is no partnership between the accounts of a transfer.
func NotPartnered() domain.Problem {
	return problem(CodeNotPartnered, "The two accounts are not partners.", nil, partner)
}

// NotInTransfer says that a transfer did not move the device.
func NotInTransfer() domain.Problem {
	return problem(CodeNotInTransfer, "The transfer did not move this device.", nil, checkDevice)
}

// ChangedSincePlan says that a transfer would not, or no longer, do what the
// plan says. The facts name both ends of service, where there are any.
func ChangedSincePlan(planned, now Resulting) domain.Problem {
	facts := map[string]string{}
	for name, d := range map[string]calendar.Date{
		"plannedServiceStart": planned.Service.Start, "plannedServiceEnd": planned.Service.End,
		"serviceStart": now.Service.Start, "serviceEnd": now.Service.End,
	} {
		if !d.IsZero() {
			facts[name] = d.String()
		}
	}
	return problem(CodeChangedSincePlan, "The decision or the resulting dates are no longer those of the plan.", facts, planAgain)
}

// NameTaken says that another device of the account has the name.
func NameTaken(name string) domain.Problem {
	return of(domain.Conflict, problem(CodeNameTaken, "Another device of the account is named "+name+".",
		map[string]string{"name": name}, renameDevice))
}

// LimitReached says that a reseller account has no free place.
func LimitReached(places int) domain.Problem {
	return problem(CodeLimitReached, "The reseller account has no free place: all "+strconv.Itoa(places)+" are taken.", map[string]string{"places": strconv.Itoa(places)}, freePlace)
}

// FactorTaken says that the factor belongs to another serial number.
func FactorTaken(f Factor) domain.Problem {
	return of(domain.Conflict, problem(CodeFactorTaken, "The "+strings.ToUpper(string(f.Kind))+" belongs to another serial number.",
		map[string]string{"factor": string(f.Kind)}, checkFactor))
}

// Busy says that an all-or-nothing request holds the device at the moment.
func Busy() domain.Problem {
	return of(domain.Busy, problem(CodeBusy, "Another request holds the device at the moment.", nil, retryLater))
}

func retired() domain.Problem {
	return problem(CodeRetired, "The device is retired.", nil, reinstate)
}

// usable is what stands against any change of a device: it is retired, or an
// all-or-nothing batch holds it. What the batch itself appends was decided
// before it held the device.
func usable(s State) []domain.Problem {
	problems := free(s)
	if s.LifeCycle == OutOfService {
		problems = append(problems, retired())
	}
	return problems
}

// free is what stands against any change, also of a retired device.
func free(s State) []domain.Problem {
	if s.HeldBy != uuid.Nil {
		return []domain.Problem{Busy()}
	}
	return nil
}

func factorMismatch() domain.Problem {
	return problem(CodeFactorMismatch, "The device is registered with another identifying factor.", nil, checkFactor)
}

func simNotAllowed(detail string, remedies ...domain.Remedy) domain.Problem {
	return problem(CodeSIMNotAllowed, detail, nil, remedies...)
}

// RegisteredElsewhere says of a device that it is registered, and not where.
func RegisteredElsewhere() domain.Problem {
	return of(domain.Conflict, problem(CodeRegisteredElsewhere, "The device is already registered.", nil, requestRelease, contactSupport))
}

// again is what stands against registering a registered device.
func again(s State, c Register) []domain.Problem {
	switch {
	case s.Account != c.Owner.UID:
		return []domain.Problem{RegisteredElsewhere()}
	case s.LifeCycle == OutOfService:
		return []domain.Problem{retired()}
	case s.Factor != c.Factor:
		return []domain.Problem{factorMismatch()}
	}
	return nil
}

func targetClosed() domain.Problem {
	return problem(CodeTargetNotActive, "The target account is closed.", nil, chooseTarget)
}

func sourceClosed() domain.Problem {
	return problem(CodeSourceNotActive, "The account that the device came from is closed.", nil)
}

func alreadyReversed() domain.Problem {
	return problem(CodeAlreadyReversed, "The transfer of the device was already reversed.", nil)
}

func notInSource(detail string) domain.Problem {
	return problem(CodeNotInSource, detail, nil, checkSource)
}

func changedSince(event string) domain.Problem {
	return problem(CodeChangedSince, "More than the device's name or labels has changed since the transfer: "+event+".",
		map[string]string{"event": event}, transferBack)
}

func offerNotAvailable(o catalogue.Offer, m catalogue.Model, account []catalogue.Offer, remedies ...domain.Remedy) domain.Problem {
	detail := fmt.Sprintf("The account does not have the offer %s; it has %s.", o, list(account))
	switch {
	case o == "" && len(common(m, account)) == 0:
		detail = fmt.Sprintf("The model runs on %s, the account has %s: no offer is both.", list(m.Offers), list(account))
	case o == "":
		detail = fmt.Sprintf("The model and the account both have %s; name one.", list(common(m, account)))
	case !m.Supports(o):
		detail = fmt.Sprintf("The model does not support the offer %s; it runs on %s.", o, list(m.Offers))
	}
	return problem(CodeOfferNotAvailable, detail,
		map[string]string{
			"offer": string(o), "modelOffers": list(m.Offers), "accountOffers": list(account), "availableOffers": list(common(m, account)),
		}, remedies...)
}

func untilNotLater(until, end calendar.Date) domain.Problem {
	return problem(CodeUntilNotLater, fmt.Sprintf("The date %s must lie after the present end, %s, and not in the past.", until, end),
		map[string]string{"until": until.String(), "end": end.String()})
}

func untilTooLate(until, latest calendar.Date) domain.Problem {
	return problem(CodeUntilTooLate, fmt.Sprintf("The service would end on %s; %s is the latest.", until, latest),
		map[string]string{"until": until.String(), "latest": latest.String()})
}

// termTooLong is untilTooLate for a date that came of a term.
func termTooLong(term calendar.Term, end, latest calendar.Date) domain.Problem {
	return problem(CodeUntilTooLate, fmt.Sprintf("With the term %s the service, which ends on %s now, would end after %s.", term, end, latest),
		map[string]string{"term": term.String(), "end": end.String(), "latest": latest.String()})
}

// OrderNumberUsed says that the device was ordered for, or renewed, under the
// order number before.
func OrderNumberUsed(number string) domain.Problem {
	return of(domain.Conflict, problem(CodeNumberUsed, "Order number "+number+" has been used for this device.",
		map[string]string{"orderNumber": number}, otherNumber))
}

func orderNeeded() domain.Problem {
	return problem(CodeOrderNeeded, "Only the platform owner changes the offer of a device at once; others order it.", nil, orderRenewal)
}

func list(offers []catalogue.Offer) string {
	s := ""
	for i, o := range offers {
		if i > 0 {
			s += ", "
		}
		s += string(o)
	}
	return s
}

func terms(ts []calendar.Term) string {
	s := ""
	for i, t := range ts {
		if i > 0 {
			s += ", "
		}
		s += t.String()
	}
	return s
}
