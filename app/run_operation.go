package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// chunkSize is how many items of an operation are carried out before the
// progress is recorded.
const chunkSize = 500

// RunOperationChunk carries out the next items of an operation, and says
// whether it has finished. Saving their results queues the job of the items
// after. After an error, or a crash at any point, it is called again: what was
// appended already counts as done by this operation, since all ids follow from
// the operation's. What refuses the request as a whole fails the operation.
func (a *App) RunOperationChunk(ctx context.Context, id uuid.UUID) (done bool, err error) {
	op, err := a.operations.Operation(ctx, id)
	if err != nil || op.Finished() {
		return err == nil, err
	}
	request, items, err := a.chunk(ctx, op)
	if err != nil {
		return false, err
	}
	r, err := a.runChunk(ctx, request, items)
	if final(err) {
		a.logger.WarnContext(ctx, "operation failed", "operation", id, "error", err)
		return true, a.operations.FailOperation(ctx, id, err.Error(), a.clock.Now().UTC())
	}
	if err != nil {
		return false, err
	}
	chunk := ports.OperationChunk{From: op.Done, Counters: map[domain.Outcome]int{}, Position: r.Position, At: a.clock.Now().UTC()}
	for i, item := range r.Results {
		item.Index = op.Done + i
		encoded, err := json.Marshal(item)
		if err != nil {
			return false, fmt.Errorf("operation %s: %w", id, err)
		}
		chunk.Results = append(chunk.Results, encoded)
		chunk.Counters[item.Outcome]++
	}
	if err := a.operations.SaveChunk(ctx, id, chunk); err != nil {
		return false, err
	}
	return op.Done+len(items) >= op.Total, nil
}

// chunk reads the next items. All or nothing, and a dry run, whose items are to
// know of each other, are one chunk.
func (a *App) chunk(ctx context.Context, op ports.Operation) (storedRequest, []storedItem, error) {
	var request storedRequest
	header, _, err := a.operations.OperationRequest(ctx, op.ID, 0, 0)
	if err != nil {
		return request, nil, err
	}
	if err := json.Unmarshal(header, &request); err != nil {
		return request, nil, fmt.Errorf("operation %s: %w", op.ID, err)
	}
	size, together := chunkSize, request.Submission.atomic() || request.Submission.dryRun()
	if together {
		size = op.Total
	}
	_, encoded, err := a.operations.OperationRequest(ctx, op.ID, op.Done, size)
	if err != nil {
		return request, nil, err
	}
	items := make([]storedItem, len(encoded))
	for i, data := range encoded {
		if err := json.Unmarshal(data, &items[i]); err != nil {
			return request, nil, fmt.Errorf("item %d of operation %s: %w", op.Done+i, op.ID, err)
		}
		items[i].Duplicate = items[i].Duplicate && !together // the command itself sees them all
	}
	return request, items, nil
}

func (a *App) runChunk(ctx context.Context, r storedRequest, items []storedItem) (BulkResult, error) {
	if len(items) == 0 {
		return BulkResult{}, nil
	}
	s := r.Submission
	switch s.Kind {
	case ports.OperationRegistration:
		c := s.Registrations
		c.Command = s.Command
		for _, item := range items {
			row := *item.Registration
			if item.Duplicate {
				row.Problems = append(row.Problems, duplicate)
			}
			c.Items = append(c.Items, row)
		}
		return a.RegisterDevices(ctx, r.Caller, c)
	case ports.OperationTransfer:
		return withoutDuplicates(items, func(devices []string) (BulkResult, error) {
			c := s.Transfer
			c.Command, c.Devices = s.Command, devices
			return a.TransferDevices(ctx, r.Caller, c)
		})
	default:
		return withoutDuplicates(items, func(devices []string) (BulkResult, error) {
			c := s.Renewal
			c.Command, c.Devices = s.Command, devices
			return a.RenewDevices(ctx, r.Caller, c)
		})
	}
}

// withoutDuplicates leaves out the devices that an earlier item names, and puts
// their refusals back into the results.
func withoutDuplicates(items []storedItem, do func([]string) (BulkResult, error)) (BulkResult, error) {
	var devices []string
	for _, item := range items {
		if !item.Duplicate {
			devices = append(devices, item.Device)
		}
	}
	var done BulkResult
	var err error
	if len(devices) > 0 {
		if done, err = do(devices); err != nil {
			return done, err
		}
	}
	results := make([]ItemResult, 0, len(items))
	for _, item := range items {
		if item.Duplicate {
			results = append(results, ItemResult{Name: item.Device, Outcome: domain.OutcomeRefused, Problems: []domain.Problem{duplicate}})
			continue
		}
		results, done.Results = append(results, done.Results[0]), done.Results[1:]
	}
	done.Results = results
	return done, nil
}

// final reports whether repeating the request as a whole cannot help.
func final(err error) bool {
	if _, refused := errors.AsType[*domain.Refusal](err); refused {
		return true
	}
	return errors.Is(err, access.ErrForbidden) || errors.Is(err, query.ErrNotFound)
}
