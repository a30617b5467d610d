package command

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// ItemResult is the answer to one item of a bulk command. Device is the state
// after it (for a dry run: as it would be), nil for a refused item and where the
// caller may not see the device.
type ItemResult struct {
	Index    int
	Ref      string
	Name     string // what the caller called the device: serial number or uid
	Outcome  domain.Outcome
	Problems []domain.Problem
	Device   *device.State
	Revision eventlog.Revision // of the device
}

// BulkResult is the answer to a bulk command, results in request order. ID
// names the transfer or renewal.
type BulkResult struct {
	ID       uuid.UUID
	Results  []ItemResult
	Position eventlog.Position // of the last event that the answer rests on, as far as the store tells
}

// Count says how many results have the outcome.
func (r BulkResult) Count(o domain.Outcome) int {
	n := 0
	for _, item := range r.Results {
		if item.Outcome == o {
			n++
		}
	}
	return n
}

// Answer makes the answer of the items' results.
func (b Bulk) Answer(id uuid.UUID, results []Result[device.State]) BulkResult {
	answer := BulkResult{ID: id, Results: make([]ItemResult, len(results))}
	var reached eventlog.Position
	for _, r := range results {
		if r.Done && reached.Before(r.Position) {
			reached = r.Position
		}
	}
	for i, r := range results {
		if !r.Done && len(r.Problems) == 0 { // of what others have done since a repeat is not to tell
			r = r.AsOf(device.Aggregate, reached)
		}
		item := ItemResult{Index: i, Ref: b.Items[i].Ref, Name: b.Items[i].Name, Problems: r.Problems}
		switch {
		case len(r.Problems) > 0:
			item.Outcome = domain.OutcomeRefused
		case r.Done:
			item.Outcome = b.Success
		default:
			item.Outcome = domain.OutcomeUnchanged
		}
		if item.Outcome != domain.OutcomeRefused && b.Visible(r.State.Account) {
			item.Device, item.Revision = &r.State, r.Revision
		}
		// Where a foreign device was last written is not the caller's to know.
		if (r.Done || b.Visible(r.State.Account)) && answer.Position.Before(r.Position) {
			answer.Position = r.Position
		}
		answer.Results[i] = item
	}
	return answer
}

// Duplicates remembers which devices a request has named.
type Duplicates map[uuid.UUID]bool

// Duplicate refuses an item whose device stands in an earlier one.
var Duplicate = domain.Problem{Code: CodeDuplicate, Detail: "The device stands in the request already."}

// Check gives a problem for the second and every later appearance.
func (d Duplicates) Check(uid uuid.UUID) []domain.Problem {
	if d[uid] {
		return []domain.Problem{Duplicate}
	}
	d[uid] = true
	return nil
}
