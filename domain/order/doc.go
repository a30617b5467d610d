// Package order is the renewal order: a request to renew devices, which waits
// until the operator applies or declines it, or whoever ordered takes it back.
//
// # What is true
//
// That a device was renewed stands in the device's own stream: a ServiceRenewed
// with the order's uid. The order's stream follows. Applying has three steps, of
// which each can be repeated, by anybody, after a crash in between:
//
//  1. DecideApprove, in the order: these devices are to be renewed, with the
//     dates of this day. From here on they can be neither declined nor withdrawn.
//  2. DecideRenew, in each device.
//  3. DecideRecord, in the order: what became of each device.
//
// What was approved and not recorded (State.Approved) is finished by whatever
// follows the log. A device that is refused waits on, with the problems told, and
// can be approved again, declined or withdrawn. That it was renewed after all, by
// somebody slow, is recorded whatever the order says by then.
//
// # Order numbers
//
// A number counts once for each device, while ordered or once applied: the order
// holds a reservation of it for each such device (package reservation).
//
// # Renewals without an order
//
// Renewals from before there were orders have no stream here. They are told by
// the streams of their devices alone, and count as applied, or as reversed.
package order
