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
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Service has the use cases about operations. It is safe for concurrent use.
type Service struct {
	executor  *command.Executor
	access    *access.Control
	store     ports.OperationStore
	devices   *devices.Service
	transfers *transfers.Service
	renewals  *renewals.Service
	callers   Callers
	most      int // under way, of an account; zero: any number
}

// New makes the service; d, t and r carry the bulk commands out, for callers as they
// are by then. An account has so many operations under way at most; zero: any number.
func New(x *command.Executor, a *access.Control, store ports.OperationStore,
	d *devices.Service, t *transfers.Service, r *renewals.Service, callers Callers, most int,
) *Service {
	return &Service{most: most, executor: x, access: a, store: store, devices: d, transfers: t, renewals: r, callers: callers}
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
// as far as there are any yet. It needs devices.read in the account that submitted the
// operation, unless the caller itself did. Of devices is shown what the caller sees at
// this moment: the operation saw it by rights and partnerships of then.
func (s *Service) Results(ctx context.Context, caller access.Caller, id uuid.UUID, after, limit int) ([]command.ItemResult, error) {
	op, err := s.Get(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	req := s.access.Request(caller)
	if err := s.mayRead(ctx, req, op); err != nil {
		return nil, err
	}
	encoded, err := s.store.OperationResults(ctx, id, after, limit)
	if err != nil {
		return nil, err
	}
	results, accounts := make([]command.ItemResult, len(encoded)), []uuid.UUID{}
	for i, data := range encoded {
		if err := json.Unmarshal(data, &results[i]); err != nil {
			return nil, fmt.Errorf("result %d of operation %s: %w", after+i, id, err)
		}
		if d := results[i].Device; d != nil {
			accounts = append(accounts, d.Account)
		}
	}
	sees, err := req.Sees(ctx, accounts)
	for i := range results {
		if d := results[i].Device; d != nil && !sees(d.Account) {
			results[i].Device = nil
		}
	}
	return results, err
}

// mayRead requires the right to read what an operation has done, of whoever has not
// submitted it.
func (s *Service) mayRead(ctx context.Context, req *access.Request, op ports.Operation) error {
	forbidden := req.Require(ctx, op.Account, rights.DevicesRead)
	if forbidden == nil || req.Caller.Operator() {
		return nil
	}
	header, _, err := s.store.OperationRequest(ctx, op.ID, 0, 0)
	if err != nil {
		return err
	}
	var request storedRequest
	if err := json.Unmarshal(header, &request); err != nil {
		return fmt.Errorf("operation %s: %w", op.ID, err)
	}
	if request.Caller.Actor == req.Caller.Actor && request.Caller.Token == req.Caller.Token {
		return nil
	}
	return forbidden
}
