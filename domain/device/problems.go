package device

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeSerialInvalid   = "serial_invalid"
	CodeFactorMissing   = "factor_missing"
	CodeFactorAmbiguous = "factor_ambiguous"
	CodeIMEIInvalid     = "imei_invalid"
	CodeMACInvalid      = "mac_invalid"
	CodeESNInvalid      = "esn_invalid"
	CodeICCIDInvalid    = "iccid_invalid"
	CodeNameInvalid     = "name_invalid"
	CodeLabelInvalid    = "label_invalid"
	CodeModelUnknown    = "model_unknown"
	CodeModelMismatch   = "model_mismatch"

	CodeRegisteredElsewhere = "registered_elsewhere"
	CodeFactorMismatch      = "factor_mismatch"
	CodeFactorTaken         = "factor_taken"
	CodeSIMNotAllowed       = "sim_not_allowed"
	CodeOfferNotAvailable   = "offer_not_available"
	CodeTargetNotActive     = "target_not_active"
	CodeNameTaken           = "name_taken"
	CodeLimitReached        = "device_limit_reached"

	CodeSelectionEmpty    = "selection_empty"
	CodeDeviceNotFound    = "device_not_found"
	CodeNotInSource       = "not_in_source"
	CodeTargetUnknown     = "target_unknown"
	CodeTargetSame        = "target_same"
	CodeNotPartnered      = "not_partnered"
	CodeNeitherIsReseller = "neither_is_reseller"
	CodeMissingRight      = "missing_right"
	CodeOfferTypeMismatch = "offer_type_mismatch"
	CodeAllocationMissing = "service_allocation_missing"
	CodeAllocationExpired = "service_allocation_expired"

	CodeSourceNotActive  = "source_not_active"
	CodeNotInTransfer    = "not_in_transfer"
	CodeAlreadyReversed  = "already_reversed"
	CodeChangedSince     = "changed_since_transfer"
	CodeChangedSincePlan = "changed_since_plan"

	CodeRetired        = "device_retired"
	CodeBusy           = "device_busy"
	CodeNotActive      = "device_not_active"
	CodeUntilNotLater  = "until_not_later"
	CodeUntilTooLate   = "until_too_late"
	CodeTermMissing    = "term_missing"
	CodeTermAmbiguous  = "term_ambiguous"
	CodeTermNotOffered = "term_not_offered"
	CodeAlignInvalid   = "align_invalid"
	CodeNothingToAlign = "nothing_to_align"

	CodeRenewalNotApplied = "renewal_not_applied"
	CodeRenewalReversed   = "renewal_reversed"
	CodeRenewalNotLatest  = "renewal_not_latest"
	CodeTransferredSince  = "transferred_since"
)

// What the caller can do about a problem.
var (
	purchaseRenewal   = domain.Remedy{Code: "purchase_renewal", Detail: "Order a renewal for the device, then transfer it."}
	requestAllocation = domain.Remedy{Code: "request_allocation", Detail: "Have the platform owner grant the device a service allocation."}
	chooseTarget      = domain.Remedy{Code: "choose_other_target", Detail: "Name another target account."}
	checkSource       = domain.Remedy{Code: "check_source", Detail: "Name the account that has the device as the source."}
	useReseller       = domain.Remedy{Code: "transfer_through_reseller", Detail: "Transfer the device to the reseller account first."}
	partner           = domain.Remedy{Code: "establish_partnership", Detail: "Establish a partnership between the two accounts."}
	keepOffer         = domain.Remedy{Code: "keep_offer", Detail: "Transfer to an account that has the device's offer, under that offer."}
	addOffer          = domain.Remedy{Code: "add_offer", Detail: "Have the platform owner add the offer to the account."}
	chooseOffer       = domain.Remedy{Code: "choose_offer", Detail: "Name an offer that both the model and the account have."}
	removeSIM         = domain.Remedy{Code: "remove_sim", Detail: "Register without the ICCID, or into a customer's account."}
	replaceDevice     = domain.Remedy{Code: "use_other_device", Detail: "A retired device does not come back; use another one."}
	contactSupport    = domain.Remedy{Code: "contact_support", Detail: "Have support check who owns the device."}
	checkFactor       = domain.Remedy{Code: "check_factor", Detail: "Compare the serial number and the factor with the device's label."}
	retryLater        = domain.Remedy{Code: "retry_later", Detail: "Try again when the other request is done."}
	renameDevice      = domain.Remedy{Code: "choose_other_name", Detail: "Give the device a name that is free in the account."}
	freePlace         = domain.Remedy{Code: "free_a_place", Detail: "Transfer a device to a customer or retire one."}
	selectDevices     = domain.Remedy{Code: "select_devices", Detail: "Name at least one device."}
	checkDevice       = domain.Remedy{Code: "check_device", Detail: "Check the serial number or uid."}
	checkTarget       = domain.Remedy{Code: "check_target", Detail: "Check the target account's UID."}
	planAgain         = domain.Remedy{Code: "plan_again", Detail: "Make a new plan; it says what would become of the device now."}
	transferBack      = domain.Remedy{Code: "transfer_back", Detail: "Transfer the device back, as far as the rules of a transfer allow it."}
	requestRight      = domain.Remedy{Code: "request_right", Detail: "Ask an administrator of the account for the right."}
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

// MissingRight says that the caller lacks a right in an account.
func MissingRight(right string, account uuid.UUID) domain.Problem {
	return of(domain.Forbidden, problem(CodeMissingRight, "The caller lacks a right that this needs.",
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
	return of(domain.Conflict, problem(CodeNameTaken, "Another device of the account has this name.",
		map[string]string{"name": name}, renameDevice))
}

// LimitReached says that a reseller account has no free place.
func LimitReached(places int) domain.Problem {
	return problem(CodeLimitReached, "The reseller account has no free place.", map[string]string{"places": strconv.Itoa(places)}, freePlace)
}

// FactorTaken says that the factor belongs to another serial number.
func FactorTaken(f Factor) domain.Problem {
	return of(domain.Conflict, problem(CodeFactorTaken, "The identifying factor belongs to another serial number.",
		map[string]string{"factor": string(f.Kind)}, checkFactor))
}

// Busy says that an all-or-nothing request holds the device at the moment.
func Busy() domain.Problem {
	return of(domain.Busy, problem(CodeBusy, "Another request holds the device at the moment.", nil, retryLater))
}

func retired() domain.Problem {
	return problem(CodeRetired, "The device is retired.", nil, replaceDevice)
}

// usable is what stands against any change of a device: it is retired, or an
// all-or-nothing batch holds it. What the batch itself appends was decided
// before it held the device.
func usable(s State) []domain.Problem {
	var problems []domain.Problem
	if s.HeldBy != uuid.Nil {
		problems = append(problems, Busy())
	}
	if s.LifeCycle == OutOfService {
		problems = append(problems, retired())
	}
	return problems
}

func factorMismatch() domain.Problem {
	return problem(CodeFactorMismatch, "The device is registered with another identifying factor.", nil, checkFactor)
}

func simNotAllowed(detail string) domain.Problem {
	return problem(CodeSIMNotAllowed, detail, nil, removeSIM)
}

// again is what stands against registering a registered device.
func again(s State, c Register) []domain.Problem {
	switch {
	case s.Account != c.Owner.UID:
		return []domain.Problem{
			of(domain.Conflict, problem(CodeRegisteredElsewhere, "The device is already registered.", nil, contactSupport)),
		}
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
	return problem(CodeChangedSince, "More than the device's name or labels has changed since the transfer.",
		map[string]string{"event": event}, transferBack)
}

func offerNotAvailable(o catalogue.Offer, m catalogue.Model, account []catalogue.Offer, remedies ...domain.Remedy) domain.Problem {
	detail := "The account does not have the offer."
	switch {
	case o == "":
		detail = "No single offer is both the model's and the account's; name one."
	case !m.Supports(o):
		detail = "The model does not support the offer."
	}
	return problem(CodeOfferNotAvailable, detail,
		map[string]string{"offer": string(o), "modelOffers": list(m.Offers), "accountOffers": list(account)}, remedies...)
}

func untilNotLater(until, end calendar.Date) domain.Problem {
	return problem(CodeUntilNotLater, "The date must lie after the present end and not in the past.",
		map[string]string{"until": until.String(), "end": end.String()})
}

func untilTooLate(until, latest calendar.Date) domain.Problem {
	return problem(CodeUntilTooLate, "The service would end too far in the future.",
		map[string]string{"until": until.String(), "latest": latest.String()})
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
