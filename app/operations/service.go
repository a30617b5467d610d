package operations

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
)

// Service has the use cases about operations. It is safe for concurrent use.
type Service struct {
	executor  *command.Executor
	access    *access.Control
	store     ports.OperationStore
	devices   *devices.Service
	transfers *transfers.Service
	renewals  *renewals.Service
}

// New makes the service; the last three carry the bulk commands out.
func New(x *command.Executor, a *access.Control, store ports.OperationStore,
	d *devices.Service, t *transfers.Service, r *renewals.Service,
) *Service {
	return &Service{executor: x, access: a, store: store, devices: d, transfers: t, renewals: r}
}

// Get shows an operation to those of the account that submitted it, to its
// auditors, and to the operator.
func (s *Service) Get(ctx context.Context, caller access.Caller, id uuid.UUID) (ports.Operation, error) {
	op, err := s.store.Operation(ctx, id)
	if err != nil {
		return ports.Operation{}, err
	}
	if !caller.Operator() && !caller.Belongs(op.Account) {
		return ports.Operation{}, query.ErrNotFound
	}
	return op, nil
}

// List is a page of the operations that Get shows to the caller as its own.
func (s *Service) List(ctx context.Context, caller access.Caller, q ports.OperationQuery) (query.List[ports.Operation], error) {
	q.Operator, q.Accounts = caller.Operator(), nil
	switch {
	case caller.Auditor():
		q.Accounts = caller.Audits
	case !caller.Operator():
		q.Accounts = []uuid.UUID{caller.Own()}
	}
	return s.store.Operations(ctx, q)
}

// Results gives up to limit results in request order, after the first so many,
// as far as there are any yet. An auditor is shown no devices of accounts that the
// grant does not name: whoever submitted the operation saw them by a partnership.
func (s *Service) Results(ctx context.Context, caller access.Caller, id uuid.UUID, after, limit int) ([]command.ItemResult, error) {
	if _, err := s.Get(ctx, caller, id); err != nil {
		return nil, err
	}
	encoded, err := s.store.OperationResults(ctx, id, after, limit)
	if err != nil {
		return nil, err
	}
	results := make([]command.ItemResult, len(encoded))
	for i, data := range encoded {
		if err := json.Unmarshal(data, &results[i]); err != nil {
			return nil, fmt.Errorf("result %d of operation %s: %w", after+i, id, err)
		}
		if d := results[i].Device; d != nil && caller.Auditor() && !caller.Belongs(d.Account) {
			results[i].Device = nil
		}
	}
	return results, nil
}
