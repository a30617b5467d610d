// Package batch is the record of one all-or-nothing request over many devices.
//
// The store appends to one stream at a time, so a batch first holds every
// device, then writes down here what it will append to each, and commits. Up
// to the commit it can be abandoned, by itself or, when it died, by somebody
// else; from then on it can only be finished, by anybody, since all that is to
// be appended stands here and nobody else touches a held device.
package batch
