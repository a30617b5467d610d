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
// when the device came from a customer, waits in State.Parked. It is parked by
// its date: on the return, to whichever customer, the service ends on the day
// on which it would have ended, neither later nor earlier. State.Allocation is
// what the device has in either case.
//
// # The included term
//
// A device gets it once (State.Consumed). One that is first registered into a
// standard account has it from that day. For one that is first registered into
// a reseller's account the included year runs from then on, whoever the owner
// (State.Included); inside it (last day inclusive) the first transfer to a
// standard account starts a full new included term. With
// Rules.IncludedTransfer "remainder" the year just goes on until its end.
//
// # Eligibility, version 2
//
// On a transfer to a standard account the service ends with the latest of the
// included term (as above) and what is parked. With neither, the transfer is
// refused: service_allocation_missing when the device never had anything but
// its unused included year, service_allocation_expired when what it had has run
// out. Buying a renewal or a grant by the operator clears the block. The policy
// and its version stand in the event.
//
// Version 1 gave the included term also to devices that had begun in a standard
// account, so that a way through a reseller's account lengthened their service.
// What it gave stands. For devices of before, their first Registered tells
// whether they have had the term: a service that does not renew by itself is
// that of a standard account.
//
// # Who may transfer
//
// See TransferRights: the right counts where the device leaves; into a
// reseller's account a device comes by that reseller, or as a return by the
// customer that it last went to from there (State.CameFrom).
//
// # SIM
//
// A reseller's account has no SIMs. A device with an ICCID does not enter one,
// be it by registration, transfer, reversal or after a release
// (sim_not_allowed), and none that is there gets one. What stands there from
// before stays, and may be taken away (DecideSIM). A SIM leaves with its device
// on a transfer; a device that is registered after a release has the SIM that it
// is registered with.
//
// # Reversal
//
// A reversal takes a device's last transfer back: the device returns to the
// account it came from, with its service, what is parked and whether the
// included term was used up, as they were. What an order or a grant gave since
// would be lost, and use cannot be undone: nothing but names, labels, SIMs and
// holds may have changed since the transfer (changed_since_transfer), and an
// included term that the transfer started is parked by its date, unless it is
// taken back within Rules.Undo. A transfer is reversed once (already_reversed).
// The account must still be open (source_not_active), have a place when it is a
// reseller's, and the name, which is that of today, must be free in it. A
// partnership is not needed; who may is told by UndoRights. A device can
// afterwards be transferred again, as if nothing had been.
//
// # Plans
//
// A plan promises what a transfer would make of a device, as of a day (Promise).
// It holds over midnight, see DecidePlanned: what only the date changes is done
// by the date of the commit.
//
// # Release
//
// An owner may release a device for another account, which then registers it
// like a new one. Until then it stays where it is: a device is never without an
// owner. Registering moves it (Transferred, with the id of the request) without
// a partnership, to an offer by the rules of a registration, with what it has a
// right to by the eligibility policy, under a new name and new labels. Any other
// move ends the release; each request lets the device go once.
//
// # Retirement
//
// A retired device has neither a place nor a name, and nothing changes it but
// two ways back. Its account may reinstate it, as long as nobody else has
// registered it, which ends a release; or whoever holds the device registers it
// after a release, which for a retired device is granted by itself when its
// account does not answer in time (State.ReleasedByItself). When its services
// have run out, the operator grants it some first, as nobody can order for it.
//
// # Offers
//
// A transfer keeps the offer: the target account must have it. A transfer that
// names another one, or leads into an account where the device could only run
// on another one, is an offer_type_mismatch. The operator changes an offer at
// once (DecideChangeOffer), others with an order (Renew.Offer); the term stays.
//
// # Renewal
//
// By order: the new end is the later of today and the current end, plus the
// term, or an exact date. In a reseller's account it extends what is parked,
// counted from the included year's end while that was not used. A grant counts
// the same. Automatic: from the last day of a free term on, one event per period
// until the end lies ahead, so that a device of a reseller never stands without
// service.
//
// Aligned (see Alignment): the selected devices end together, none of them
// earlier than it did.
//
// An order that has waited (package order) is applied with the dates of the day on
// which that is done, under its own id. An order number counts once per device (order_number_used).
//
// A renewal order can be taken back (DecideReverseRenewal) while it is the latest
// order or grant of the device that still counts and the device is in the
// account it was in then. What it had extended ends again as before, even when
// that lies in the past by now; its number and its offer go with it. Automatic
// renewals are not orders.
//
// # Decisions
//
// Decide functions are pure and safe to repeat: on its own result a command
// gives no events. Beside a refusal stand the events that would follow without
// it, where they can be told (package domain). Transfers, orders and grants are
// recognised by their id (State.Applied), everything else by the state. A device
// that an all-or-nothing batch holds refuses every other command.
package device
