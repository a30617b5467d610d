// Package notices has the monthly renewal notices: a reseller's people are mailed
// which devices of its customers are due.
//
// SendDue makes and sends those of a reseller for a month. It may die anywhere and
// be called again, also on several instances at once: recipients and devices are
// events before the first mail goes out, and a mail's id follows from notice and
// person, so each goes out once. A mail server may take a while; Settle records
// what became of the mails.
//
// People of the reseller look at the notices and acknowledge devices (List, Get,
// Acknowledge), administrators choose how they want the mails (Choose, Unsubscribe).
package notices
