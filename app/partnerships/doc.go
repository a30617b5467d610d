// Package partnerships has the use cases about the relation between a reseller
// and its customer: Establish, Assign, End and List.
//
// It is the customer who chooses its partners and what each may do in the
// customer's account; no partner gives itself rights. The one exception is a
// customer's account that a reseller creates: PartnerUp makes the two partners at
// once, with read-only rights. A reseller may ask (Request); the customer answers
// (AcceptRequest, DeclineRequest).
package partnerships
