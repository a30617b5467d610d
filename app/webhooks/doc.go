// Package webhooks tells other people's servers of events: what the feed tells, in its
// order, one after the other, by messages that are signed (Standard Webhooks).
//
// A webhook is an account's: it is told what an administrator of the account may see at
// that moment, also of partners' accounts as far as they let it. Only administrators have
// to do with it. The operator's are told everything.
//
// An event that could not be delivered is tried again until it is, with pauses that grow
// up to hours, and those behind it wait. Nothing is left out. After days without success
// the webhook is disabled and its administrators are told by mail; once it is enabled
// again it goes on where it was. A message may come twice, with the same id.
package webhooks
