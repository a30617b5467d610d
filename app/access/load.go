package access

import (
	"context"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// atOnce is how many streams one request reads at the same time.
const atOnce = 16

// once is something that a request reads once, also when many ask for it.
type once[S any] struct {
	mu    sync.Mutex
	known bool
	state S
}

func (o *once[S]) get(read func() (S, error)) (S, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known {
		return o.state, nil
	}
	s, err := read()
	if err == nil {
		o.known, o.state = true, s
	}
	return s, err
}

func entry[S any](r *Request, all map[uuid.UUID]*once[S], uid uuid.UUID) *once[S] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all[uid] == nil {
		all[uid] = &once[S]{}
	}
	return all[uid]
}

// Account is an account's state; its Status is empty when there is none.
func (r *Request) Account(ctx context.Context, uid uuid.UUID) (account.State, error) {
	return entry(r, r.accounts, uid).get(func() (account.State, error) {
		l, err := eventlog.Load(ctx, r.Log, account.Aggregate, uid)
		return l.State, err
	})
}

// partnership is the partnership of a pair; its UID is uuid.Nil when there never
// was one.
func (r *Request) partnership(ctx context.Context, reseller, customer uuid.UUID) (partnership.State, error) {
	uid := partnership.UID(reseller, customer)
	return entry(r, r.partnerships, uid).get(func() (partnership.State, error) {
		l, err := eventlog.Load(ctx, r.Log, partnership.Aggregate, uid)
		return l.State, err
	})
}

// Accounts are several accounts, read at the same time.
func (r *Request) Accounts(ctx context.Context, uids []uuid.UUID) (map[uuid.UUID]account.State, error) {
	found := make(map[uuid.UUID]account.State, len(uids))
	err := r.forEach(ctx, uids, func(ctx context.Context, uid uuid.UUID) error {
		_, err := r.Account(ctx, uid)
		return err
	})
	for _, uid := range uids {
		if err == nil {
			found[uid], err = r.Account(ctx, uid) // known by now
		}
	}
	return found, err
}

// forEach calls do for several accounts at the same time.
func (r *Request) forEach(ctx context.Context, uids []uuid.UUID, do func(context.Context, uuid.UUID) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, uid := range uids {
		g.Go(func() error { return do(ctx, uid) })
	}
	return g.Wait()
}
