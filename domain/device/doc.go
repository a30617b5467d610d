// Package device is the Device aggregate: a registered router, its owner, its
// life cycle and the services it runs on.
//
// # Service and allocations
//
// A device runs from Service.Start to Service.End, the last day of service
// (inclusive, UTC). An end is a start plus a term in calendar arithmetic with
// an anchor day: 2026-11-23 plus P1Y is 2027-11-23; 29 February plus P1Y is 28
// February, and plus P4Y the 29th again. Expiry is derived from the date; the
// device and its life cycle stay as they are.
//
// In a standard account the service is what was included, purchased or
// granted. In a reseller's account the device runs on a free term that renews
// by itself (Service.AutoRenew); what is paid for or granted meanwhile, or was
// when the device came from a customer, waits in State.Parked and never gets
// lost on the way: only the latest end counts.
//
// # The included year
//
// It runs from the first registration anywhere, whoever the owner
// (State.Included). Inside it (last day inclusive) the first transfer to a
// standard account starts a full new included term, once per device
// (State.Consumed); with Rules.IncludedTransfer "remainder" it goes on until
// the included end instead.
//
// # Eligibility, version 1
//
// On a transfer to a standard account the service ends with the latest of the
// included term (as above) and what is parked. With neither, the transfer is
// refused: service_allocation_missing when the device never had anything but
// its unused included year, service_allocation_expired when what it had has run
// out. Buying a renewal or a grant by the operator clears the block. The policy
// and its version stand in the event.
//
// # Reversal
//
// A reversal takes a device's last transfer back: the device returns to the
// account it came from, with its service, what is parked and whether the
// included term was used up, as they were. What an order or a grant gave since
// would be lost, and use cannot be undone: nothing but names, labels and holds
// may have changed since the transfer (changed_since_transfer). A transfer is
// reversed once (already_reversed). The account must
// still be open (source_not_active), have a place when it is a reseller's, and
// the name, which is that of today, must be free in it. A partnership is not
// needed; the rights of the caller are. A device can afterwards be transferred
// again, as if nothing had been.
//
// # Release
//
// An owner may release a device for another account, which then registers it
// like a new one. Until then it stays where it is: a device is never without an
// owner. Registering moves it (Transferred, with the id of the request) without
// a partnership, to an offer by the rules of a registration, with what it has a
// right to by the eligibility policy, under a new name and new labels. No SIM
// comes along. Any other move ends the release.
//
// # Offers
//
// A transfer keeps the offer: the target account must have it. A transfer that
// names another one, or leads into an account where the device could only run
// on another one, is an offer_type_mismatch.
//
// # Renewal
//
// By order: the new end is the later of today and the current end, plus the
// term, or an exact date. In a reseller's account it extends what is parked,
// counted from the included year's end while that runs. Automatic: from the
// last day of a free term on, one event per period until the end lies ahead, so
// that a device of a reseller never stands without service.
//
// Aligned (see Alignment): the selected devices end together, none of them
// earlier than it did.
//
// A renewal order can be taken back (DecideReverseRenewal) while it is the latest
// order or grant of the device that still counts and the device is in the
// account it was in then. What it had extended ends again as before, even when
// that lies in the past by now. Automatic renewals are not orders.
//
// # Decisions
//
// Decide functions are pure and safe to repeat: on its own result a command
// gives no events. Beside a refusal stand the events that would follow without
// it, where they can be told (package domain). Transfers, orders and grants are recognised by their id
// (State.Applied), everything else by the state. A device that an
// all-or-nothing batch holds refuses every other command.
package device
