package devices

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Role is a side of a release request.
type Role string

// The sides: the account that asked, and the one that had the device.
const (
	Asker  Role = "asker"
	Holder Role = "holder"
)

// ReleaseRequests is a page of the requests that ReleaseRequest shows to the
// caller, of those on the given side; with an empty role on either. An
// *access.Forbidden where it has the right for neither in any account.
func (s *Service) ReleaseRequests(ctx context.Context, caller access.Caller, role Role, q query.ReleaseQuery) (query.List[query.ReleaseRow], error) {
	register := rights.DevicesRegister
	if caller.Auditor() {
		register = rights.DevicesRead
	}
	var held, asked error
	if q.Holders, held = s.releaseScope(ctx, caller, role != Asker, rights.DevicesRead, q.Freshness); forOther(held) {
		return query.List[query.ReleaseRow]{}, held
	}
	if q.Askers, asked = s.releaseScope(ctx, caller, role != Holder, register, q.Freshness); forOther(asked) {
		return query.List[query.ReleaseRow]{}, asked
	}
	if len(q.Holders)+len(q.Askers) == 0 && errors.Join(held, asked) != nil {
		return query.List[query.ReleaseRow]{}, errors.Join(held, asked)
	}
	return s.reader.Releases(ctx, q)
}

// releaseScope is the accounts in which the caller has a right, none when they are
// not wanted.
func (s *Service) releaseScope(ctx context.Context, caller access.Caller, wanted bool, right rights.Right, f query.Freshness) ([]uuid.UUID, error) {
	none := []uuid.UUID{}
	if !wanted {
		return none, nil
	}
	scope, err := s.access.Request(caller).Scope(ctx, right, f)
	if err != nil {
		return none, err
	}
	return scope, nil
}

// forOther reports whether an error is another one than a missing right.
func forOther(err error) bool {
	_, forbidden := errors.AsType[*access.Forbidden](err)
	return err != nil && !forbidden
}
