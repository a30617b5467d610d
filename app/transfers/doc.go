// Package transfers moves devices between a reseller's account and that of a
// partner, and takes transfers back.
//
// Transfer moves devices; Plan decides a transfer beforehand and keeps what it
// would do, and a transfer that names the plan does that or refuses. Reverse
// takes a transfer back. Get shows what was asked for and what became of it,
// TransferPlan shows a plan. List and TransferPlans find them again.
//
// A transfer and its reversal are both a request to move devices (type request):
// they share the problems of the request, the items, the record, which is begun
// before the first device moves and concluded after the last, and the answer.
// Two things differ: the decision on a device, and the events of the record
// (type entries).
//
// Everything that a decision needs is read before the first one: the two accounts
// and their partnership, each once, and the devices. A device that has moved
// meanwhile to an account in which the caller's rights were not read is refused
// with device_busy.
package transfers
