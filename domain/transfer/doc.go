// Package transfer is the record of transfers and of the plans for them: what
// was asked for, what became of each device, which refusals there were with the
// facts they rest on, and what was reversed.
//
// The record decides nothing. What has happened to a device stands in the
// device's own stream; a transfer that died before its outcome was recorded is
// told by the devices.
//
// A plan promises what would become of each device as of a day (Plan.Promises);
// device.DecidePlanned keeps to it, also over midnight.
package transfer
