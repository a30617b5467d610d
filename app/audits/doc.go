// Package audits has the use cases about audit grants: the operator lets an
// auditor, a person from outside, read everything of some accounts until an
// instant (Grant, List, Get, Revoke). Caller knows the auditor by the token of the
// grant; an auditor writes nothing.
package audits
