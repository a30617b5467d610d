package domain

// Outcome is what became of one item.
type Outcome string

// The outcomes.
const (
	OutcomeCreated     Outcome = "created"
	OutcomeTransferred Outcome = "transferred"
	OutcomeOrdered     Outcome = "ordered"
	OutcomeRenewed     Outcome = "renewed"
	OutcomeReversed    Outcome = "reversed"
	OutcomeChanged     Outcome = "changed"
	OutcomeUnchanged   Outcome = "unchanged"
	OutcomeRefused     Outcome = "refused"
)
