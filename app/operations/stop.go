package operations

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// CodeCallerRevoked says that whoever submitted an operation may not do any more what
// is left of it. It is part of the interface and never changes.
const CodeCallerRevoked = "caller_revoked"

var callerRevoked = domain.Problem{
	Code: CodeCallerRevoked, Detail: "Whoever asked for this may no longer do it. What has a result is done.",
}

// Callers tell what a caller of before may do at this moment; query.ErrNotFound for
// one who would not be let in any more.
type Callers interface {
	CallerNow(ctx context.Context, before access.Caller) (access.Caller, error)
}

// lookEvery is how many items of a chunk are begun between two looks at the caller:
// as many as are carried out at once.
const lookEvery = command.Workers

// callerNow is whoever submitted an operation, with the rights of this moment, as long
// as they are those that the operation needs. It refuses with access.AccountClosed or
// CodeCallerRevoked.
func (s *Service) callerNow(ctx context.Context, r storedRequest) (access.Caller, error) {
	if r.Caller.Own() != uuid.Nil {
		own, err := s.access.Request(r.Caller).Account(ctx, r.Caller.Own())
		switch {
		case err != nil:
			return access.Caller{}, err
		case own.Status == account.Closed:
			return access.Caller{}, domain.Refuse(access.AccountClosed)
		case !own.InUseAt(s.executor.Clock.Now()):
			return access.Caller{}, domain.Refuse(callerRevoked)
		}
	}
	now, err := s.callers.CallerNow(ctx, r.Caller)
	if err == nil {
		err = s.mayStart(ctx, now, r.Submission)
	}
	if errors.Is(err, query.ErrNotFound) || errors.Is(err, access.ErrForbidden) {
		err = domain.Refuse(callerRevoked)
	}
	return now, err
}

// whileAllowed stops a chunk when the caller may not go on: what has begun goes on,
// what has not is refused. The next chunk is then refused as a whole.
func (s *Service) whileAllowed(ctx context.Context, r storedRequest) context.Context {
	if r.Caller.Operator() {
		return ctx
	}
	var begun atomic.Int64
	var mu sync.Mutex
	var refusal error
	return command.WithStop(ctx, func(ctx context.Context) error {
		look := (begun.Add(1)-1)%lookEvery == lookEvery-1 // the first look was before the chunk
		mu.Lock()
		defer mu.Unlock()
		if look && refusal == nil {
			_, err := s.callerNow(ctx, r)
			if err != nil && len(domain.ProblemsOf(err)) == 0 {
				return err
			}
			refusal = err
		}
		return refusal
	})
}
