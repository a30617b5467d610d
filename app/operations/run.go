package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
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
// the operation's. What refuses the request as a whole fails the operation, also
// CodeCallerRevoked: whoever submitted it is looked up anew each time.
func (s *Service) RunOperationChunk(ctx context.Context, id uuid.UUID) (done bool, err error) {
	op, err := s.store.Operation(ctx, id)
	if err != nil || op.Finished() {
		return err == nil, err
	}
	request, items, err := s.nextChunk(ctx, op)
	if err != nil {
		return false, err
	}
	request.Submission.Renewal.Part = op.Done / chunkSize // each an order of its own
	r, err := s.runAsNow(ctx, request, items)
	if isFinal(err) {
		s.executor.Logger.WarnContext(ctx, "operation failed", "operation", id, "error", err)
		return true, s.store.FailOperation(ctx, id, reasonOf(err), s.executor.Clock.Now().UTC())
	}
	if err != nil {
		return false, err
	}
	chunk, err := s.chunkOf(op, r)
	if err != nil {
		return false, err
	}
	if err := s.store.SaveChunk(ctx, id, chunk); err != nil {
		return false, err
	}
	return op.Done+len(items) >= op.Total, nil
}

// chunkOf is what is recorded of the results of a chunk.
func (s *Service) chunkOf(op ports.Operation, r command.BulkResult) (ports.OperationChunk, error) {
	chunk := ports.OperationChunk{From: op.Done, Counters: map[domain.Outcome]int{}, Position: r.Position, At: s.executor.Clock.Now().UTC()}
	for i, item := range r.Results {
		item.Index = op.Done + i
		encoded, err := json.Marshal(item)
		if err != nil {
			return chunk, fmt.Errorf("operation %s: %w", op.ID, err)
		}
		chunk.Results = append(chunk.Results, encoded)
		chunk.Counters[item.Outcome]++
	}
	return chunk, nil
}

// nextChunk reads the next items. All or nothing, and a dry run, whose items have
// to know of each other, are one chunk.
func (s *Service) nextChunk(ctx context.Context, op ports.Operation) (storedRequest, []storedItem, error) {
	var request storedRequest
	header, _, err := s.store.OperationRequest(ctx, op.ID, 0, 0)
	if err != nil {
		return request, nil, err
	}
	if err := json.Unmarshal(header, &request); err != nil {
		return request, nil, fmt.Errorf("operation %s: %w", op.ID, err)
	}
	size, whole := chunkSize, request.Submission.atomic() || request.Submission.dryRun()
	if whole {
		size = op.Total
	}
	_, encoded, err := s.store.OperationRequest(ctx, op.ID, op.Done, size)
	if err != nil {
		return request, nil, err
	}
	items := make([]storedItem, len(encoded))
	for i, data := range encoded {
		if err := json.Unmarshal(data, &items[i]); err != nil {
			return request, nil, fmt.Errorf("item %d of operation %s: %w", op.Done+i, op.ID, err)
		}
		items[i].Duplicate = items[i].Duplicate && !whole // the command itself sees them all
	}
	return request, items, nil
}

// runAsNow carries out items with the rights that whoever submitted them has now.
func (s *Service) runAsNow(ctx context.Context, r storedRequest, items []storedItem) (command.BulkResult, error) {
	ctx = s.whileAllowed(ctx, r)
	var err error
	if r.Caller, err = s.callerNow(ctx, r); err != nil {
		return command.BulkResult{}, err
	}
	return s.runChunk(ctx, r, items)
}

func (s *Service) runChunk(ctx context.Context, r storedRequest, items []storedItem) (command.BulkResult, error) {
	if len(items) == 0 {
		return command.BulkResult{}, nil
	}
	switch r.Submission.Kind {
	case ports.OperationRegistration:
		return s.register(ctx, r, items)
	case ports.OperationTransfer:
		c := r.Submission.Transfer
		c.Command, c.Devices = r.Submission.Command, firstOccurrences(items)
		return withDuplicates(ctx, r.Caller, items, c, len(c.Devices), s.transfers.Transfer)
	case ports.OperationDeviceChange:
		c := r.Submission.Change
		c.Command, c.Devices = r.Submission.Command, firstOccurrences(items)
		return withDuplicates(ctx, r.Caller, items, c, len(c.Devices), s.devices.ChangeMany)
	default:
		c := r.Submission.Renewal
		c.Command, c.Devices = r.Submission.Command, firstOccurrences(items)
		return withDuplicates(ctx, r.Caller, items, c, len(c.Devices), s.renewals.Renew)
	}
}

func (s *Service) register(ctx context.Context, r storedRequest, items []storedItem) (command.BulkResult, error) {
	c := r.Submission.Registrations
	c.Command = r.Submission.Command
	for _, item := range items {
		row := *item.Registration
		if item.Duplicate {
			row.Problems = append(row.Problems, command.Duplicate)
		}
		c.Items = append(c.Items, row)
	}
	return s.devices.Register(ctx, r.Caller, c)
}

// firstOccurrences leaves out the devices that an earlier item names.
func firstOccurrences(items []storedItem) []string {
	var names []string
	for _, item := range items {
		if !item.Duplicate {
			names = append(names, item.Device)
		}
	}
	return names
}

// withDuplicates carries out a command on the first occurrences, of which there
// are so many, and puts the refusals of the others in between.
func withDuplicates[C any](ctx context.Context, caller access.Caller, items []storedItem, c C, devices int,
	useCase func(context.Context, access.Caller, C) (command.BulkResult, error),
) (command.BulkResult, error) {
	var done command.BulkResult
	if devices > 0 {
		var err error
		if done, err = useCase(ctx, caller, c); err != nil {
			return done, err
		}
	}
	rest := done.Results
	done.Results = make([]command.ItemResult, 0, len(items))
	for _, item := range items {
		if item.Duplicate {
			done.Results = append(done.Results, command.ItemResult{
				Name: item.Device, Outcome: domain.OutcomeRefused, Problems: []domain.Problem{command.Duplicate},
			})
			continue
		}
		done.Results, rest = append(done.Results, rest[0]), rest[1:]
	}
	return done, nil
}

// reasonOf is what an operation is told to have failed by.
func reasonOf(err error) string {
	if problems := domain.ProblemsOf(err); len(problems) > 0 {
		return problems[0].Code + ": " + problems[0].Detail
	}
	return err.Error()
}

// isFinal reports whether repeating the request as a whole cannot help.
func isFinal(err error) bool {
	return len(domain.ProblemsOf(err)) > 0 || errors.Is(err, access.ErrForbidden) || errors.Is(err, query.ErrNotFound)
}
