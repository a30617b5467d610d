package device

// The codes of refusals. They are part of the interface and never change.

// What a device is called and made of.
const (
	CodeSerialInvalid   = "serial_invalid"   // not 4 to 32 letters and digits
	CodeFactorMissing   = "factor_missing"   // none of IMEI, MAC address and ESN was given
	CodeFactorAmbiguous = "factor_ambiguous" // more than one of them was
	CodeIMEIInvalid     = "imei_invalid"     // not 15 digits, or the check digit is wrong
	CodeMACInvalid      = "mac_invalid"      // not 12 hexadecimal digits
	CodeESNInvalid      = "esn_invalid"      // in none of the forms of ESN and MEID
	CodeICCIDInvalid    = "iccid_invalid"    // not 18 to 20 digits
	CodeNameInvalid     = "name_invalid"     // empty, too long, or with invisible characters
	CodeLabelInvalid    = "label_invalid"    // as name_invalid, or too many, or with a |
	CodeLabelsMissing   = "labels_missing"
	CodeLabelsAmbiguous = "labels_ambiguous"
	CodeModelUnknown    = "model_unknown"  // the catalogue has no model for the serial number, or of the name
	CodeModelMismatch   = "model_mismatch" // the serial number is that of another model than the one named
)

// Registration, and what any account may say about a device.
const (
	CodeRegisteredElsewhere = "registered_elsewhere" // another account has the device, or one that the caller does not see
	CodeFactorMismatch      = "factor_mismatch"      // the device is registered with another factor
	CodeFactorTaken         = "factor_taken"         // the factor belongs to another serial number
	CodeSIMNotAllowed       = "sim_not_allowed"      // a device with a SIM does not enter a reseller's account
	CodeOfferNotAvailable   = "offer_not_available"  // the model or the account does not have the offer
	CodeTargetIsReseller    = "target_is_reseller"   // a reseller's free places are its own
	CodeTargetNotActive     = "target_not_active"    // the account that the device would go to is closed
	CodeNameTaken           = "name_taken"           // another device of the account has the name
	CodeLimitReached        = "device_limit_reached" // the reseller's account has no free place
)

// Transfer.
const (
	CodeSelectionEmpty    = "selection_empty"            // no devices were named
	CodeDeviceNotFound    = "device_not_found"           // no such device, or none the caller sees
	CodeNotInSource       = "not_in_source"              // the account named as the source does not have the device
	CodeTargetUnknown     = "target_unknown"             // no such account, or none the caller knows
	CodeTargetSame        = "target_same"                // source and target are the same account
	CodeNotPartnered      = "not_partnered"              // there is no partnership between source and target
	CodeNeitherIsReseller = "neither_is_reseller"        // both accounts are standard ones
	CodeMissingRight      = "missing_right"              // the caller lacks a right; facts: right, account
	CodeOfferTypeMismatch = "offer_type_mismatch"        // the device would run on another offer type
	CodeAllocationMissing = "service_allocation_missing" // the included year is over and nothing else was ever there
	CodeAllocationExpired = "service_allocation_expired" // what the device had a right to has run out
)

// Reversal of a transfer, and plans.
const (
	CodeSourceNotActive  = "source_not_active"      // the account that the device came from is closed
	CodeNotInTransfer    = "not_in_transfer"        // the transfer did not move the device
	CodeAlreadyReversed  = "already_reversed"       // the transfer of the device was reversed before
	CodeChangedSince     = "changed_since_transfer" // a reversal would undo more than the transfer; facts: event
	CodeChangedSincePlan = "changed_since_plan"     // something else than the date has changed since the plan was made
)

// Life and services.
const (
	CodeRetired        = "device_retired"     // a retired device has to be reinstated first
	CodeBusy           = "device_busy"        // an all-or-nothing request holds the device
	CodeNotActive      = "device_not_active"  // the device was never activated
	CodeUntilNotLater  = "until_not_later"    // the date lies before the present end, or in the past
	CodeUntilTooLate   = "until_too_late"     // the service would end more than 20 years ahead
	CodeTermMissing    = "term_missing"       // neither a term nor a date nor what to align to was given
	CodeTermAmbiguous  = "term_ambiguous"     // more than one of them was
	CodeTermNotOffered = "term_not_offered"   // renewals cannot be ordered for the term; facts: terms
	CodeAlignInvalid   = "align_invalid"      // neither a date nor latest, majority or monthEnd
	CodeNothingToAlign = "nothing_to_align"   // no selected device has a service that ends today or later
	CodeNumberUsed     = "order_number_used"  // the device was ordered for, or renewed, under the number before
	CodeNotRetired     = "device_not_retired" // only a retired device is released without its account's consent
	CodeOrderNeeded    = "order_needed"       // only the operator changes an offer without an order

	CodeRenewalNotApplied = "renewal_not_applied" // the order was not applied to the device
	CodeRenewalReversed   = "renewal_reversed"    // the order was taken back before
	CodeRenewalNotLatest  = "renewal_not_latest"  // a later order or grant has to be taken back first
	CodeTransferredSince  = "transferred_since"   // the device has changed its account since the order was applied
)
