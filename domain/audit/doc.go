// Package audit is the AuditGrant aggregate: the operator's permission for an
// auditor, a person from outside, to read everything of some accounts until a
// date. An auditor writes nothing, so nothing else ever names one as an actor.
package audit
