// Package renewals extends the services of devices by order and by grant, and
// takes orders back.
//
// Renew applies a renewal order; Preview tells what an order would do; Get shows
// the devices of an order; Reverse takes an order back. Grant lets a device run
// until a date, whatever was ordered. Align finds the day on which the devices of
// an order are to end together, for those that carry out a long order in parts.
//
// Renew, Preview and Reverse name devices of any accounts. The devices, and what
// the caller may do in their accounts, are read before the first decision (type
// access.Selection); each device is then decided on if the caller may renew it. A
// device that has moved meanwhile to an account in which the caller's rights were
// not read is refused with device_busy.
//
// What renews by itself is the business of package schedule.
package renewals
