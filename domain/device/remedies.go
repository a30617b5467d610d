package device

import "github.com/fleetledger/fleetledger/domain"

// What helps with a problem. The codes are part of the interface, as those of
// the problems are; the same code may come with a sentence that fits the case.
var (
	purchaseRenewal   = domain.Remedy{Code: "purchase_renewal", Detail: "Order a renewal for the device, then transfer it."}
	requestAllocation = domain.Remedy{Code: "request_allocation", Detail: "Have the platform owner grant the device a service allocation."}
	chooseTarget      = domain.Remedy{Code: "choose_other_target", Detail: "Name another target account."}
	checkSource       = domain.Remedy{Code: "check_source", Detail: "Name the account that has the device as the source."}
	useReseller       = domain.Remedy{Code: "transfer_through_reseller", Detail: "Transfer the device to the reseller account first."}
	partner           = domain.Remedy{Code: "establish_partnership", Detail: "Establish a partnership between the two accounts."}
	keepOffer         = domain.Remedy{Code: "keep_offer", Detail: "Transfer to an account that has the device's offer, under that offer."}
	addOffer          = domain.Remedy{Code: "add_offer", Detail: "Have the platform owner add an offer of the model to the account."}
	chooseOffer       = domain.Remedy{Code: "choose_offer", Detail: "Name an offer that both the model and the account have."}
	omitSIM           = domain.Remedy{Code: "remove_sim", Detail: "Register without the ICCID, or into a customer's account."}
	leaveSIM          = domain.Remedy{Code: "remove_sim", Detail: "Leave the ICCID out, or transfer the device to a customer first."}
	removeSIM         = domain.Remedy{Code: "remove_sim", Detail: "Have the account that has the device remove the ICCID, then try again."}
	reinstate         = domain.Remedy{Code: "reinstate_device", Detail: "Have the account that has the device reinstate it."}
	requestRelease    = domain.Remedy{Code: "request_release", Detail: "Request the release of the device you hold; who has it is not told."}
	otherNumber       = domain.Remedy{Code: "use_other_number", Detail: "Give the order a number of its own."}
	orderRenewal      = domain.Remedy{Code: "order_renewal", Detail: "Order a renewal that names the offer."}
	changeOffer       = domain.Remedy{Code: "change_offer", Detail: "Have the device's offer changed to one that the model and the account have."}
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
