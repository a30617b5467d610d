// Package renewals orders the services of devices to be extended, applies such
// orders, takes them back, and grants allocations.
//
// Renew orders (type ordering): whoever sees a device may order for it, and the
// order waits for the operator. What the operator orders itself is applied at
// once, and with Options.Automatic also what a caller orders for devices on which
// it has devices.renew. Apply, Decline and Withdraw end the waiting; Reverse takes
// back what was applied. Preview tells what an order would do. List and Get show
// orders, those from before there were orders as well: renewals that stand in the
// streams of devices alone.
//
// Applying has the three steps of package order, here in carryOut. FinishOrder and
// RecordReversal finish what a command that died has left.
//
// Grant lets a device run until a date, whatever was ordered; Allocations lists
// the grants. Align finds the day on which the devices of an order are to end
// together, for those that carry out a long order in parts.
//
// Devices of a request may be in any accounts. They, and what the caller may do in
// their accounts, are read before the first decision (type access.Selection). A
// device that has moved meanwhile to an account in which the caller's rights were
// not read is refused with device_busy.
//
// What renews by itself is the business of package schedule.
package renewals
