package operations

import (
	"context"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// lookEvery is how many items of a chunk are begun between two looks at the account:
// as many as are carried out at once.
const lookEvery = command.Workers

// whileOpen stops a chunk when the account that has submitted the operation is
// closed: what has begun goes on, what has not is refused. The next chunk is then
// refused as a whole.
func (s *Service) whileOpen(ctx context.Context, caller access.Caller) context.Context {
	if caller.Own() == uuid.Nil {
		return ctx
	}
	var begun atomic.Int64
	var closed atomic.Bool
	return command.WithStop(ctx, func(ctx context.Context) error {
		if (begun.Add(1)-1)%lookEvery == 0 {
			own, err := s.access.Request(caller).Account(ctx, caller.Own())
			if err != nil {
				return err
			}
			closed.Store(closed.Load() || own.Status == account.Closed)
		}
		if closed.Load() {
			return domain.Refuse(access.AccountClosed)
		}
		return nil
	})
}
