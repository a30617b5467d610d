package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Workers is how many streams one request works on at once.
const Workers = 16

// Item is one item of a bulk command: a device and the decision on it. One with
// problems is refused with them and nothing is looked up. Items that share one of
// their Order keys are carried out in request order, since the earlier one comes
// first to what both want; all others at the same time.
type Item struct {
	Ref      string // the client's own
	Name     string // what the caller called the device: serial number or uid
	Problems []domain.Problem
	Device   Subject[device.State]
	Decide   Decide[device.State]
	Order    []string
	// Again reports, of an item that was refused, whether its decision is now
	// another one, which is to be carried out instead; nil never is.
	Again func(refused []domain.Problem) bool
}

// carry does an item, as often as its decision changes with a refusal.
func (i Item) carry(do func() (Result[device.State], error)) (Result[device.State], error) {
	for {
		r, err := do()
		if i.Again == nil || !isRefusal(err) || !i.Again(domain.ProblemsOf(err)) {
			return r, err
		}
	}
}

// Bulk is a command on many devices.
type Bulk struct {
	Items          []Item
	Success        domain.Outcome // of an item that was carried out
	DryRun, Atomic bool
	// Visible reports whether the caller may see the devices of an account.
	Visible func(account uuid.UUID) bool
}

var batchTooLarge = domain.Problem{
	Code: CodeBatchTooLarge, Detail: fmt.Sprintf("An all-or-nothing request has at most %d items.", MaxAtomic),
}

// CheckAtomic refuses an all-or-nothing request with too many items.
func CheckAtomic(items int) error {
	if items > MaxAtomic {
		return domain.Refuse(batchTooLarge)
	}
	return nil
}

// Check refuses what is wrong with the request as a whole.
func (b Bulk) Check() error {
	if !b.Atomic {
		return nil
	}
	return CheckAtomic(len(b.Items))
}

// Run carries out a bulk command in the way that was asked for, and answers. An
// error means that not all items were looked at; repeating the command goes on.
func (b Bulk) Run(ctx context.Context, env Env) (BulkResult, error) {
	if err := b.Check(); err != nil {
		return BulkResult{}, err
	}
	results, err := b.Results(ctx, env)
	if err != nil {
		return BulkResult{}, err
	}
	return b.Answer(env.Command.ID, results), nil
}

// Results carries out a bulk command in the way that was asked for; one result
// per item, in request order.
func (b Bulk) Results(ctx context.Context, env Env) ([]Result[device.State], error) {
	switch {
	case b.DryRun:
		results, err := b.LookAhead(ctx, env)
		if b.Atomic {
			RefuseAll(results)
		}
		return results, err
	case b.Atomic:
		return b.atomic(ctx, env)
	}
	return b.each(ctx, func(ctx context.Context, item Item) (Result[device.State], error) {
		return item.carry(func() (Result[device.State], error) { return Execute(ctx, env, item.Device, item.Decide) })
	})
}

// LookAhead decides all items, each as if those before it in order had been
// carried out, and appends nothing.
func (b Bulk) LookAhead(ctx context.Context, env Env) ([]Result[device.State], error) {
	ahead := env.reservations()
	return b.each(ctx, func(ctx context.Context, item Item) (Result[device.State], error) {
		return item.carry(func() (Result[device.State], error) { return dryRun(ctx, env, item.Device, item.Decide, ahead) })
	})
}

// each does all items that have no problems yet. The first error that is no
// refusal ends it; that others were faster says nothing about the other items.
func (b Bulk) each(ctx context.Context, do func(ctx context.Context, item Item) (Result[device.State], error)) ([]Result[device.State], error) {
	results := make([]Result[device.State], len(b.Items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(Workers)
	for _, group := range orderedGroups(b.Items) {
		g.Go(func() error {
			for _, i := range group {
				if results[i].Problems = b.Items[i].Problems; len(results[i].Problems) > 0 {
					continue
				}
				r, err := Result[device.State]{}, stopped(ctx)
				if err == nil {
					r, err = do(ctx, b.Items[i])
				}
				switch {
				case len(r.Problems) == 0 && isRefusal(err): // it was stopped
					r.Problems = domain.ProblemsOf(err)
				case errors.Is(err, eventlog.ErrBusy):
					r = Result[device.State]{Problems: []domain.Problem{device.Busy()}}
				case err != nil && !isRefusal(err):
					return err
				}
				results[i] = r
			}
			return nil
		})
	}
	return results, g.Wait()
}

// orderedGroups groups the items that are connected by common Order keys, each
// group in request order: whoever comes first to a name or a place gets it.
func orderedGroups(items []Item) [][]int {
	parent := make([]int, len(items))
	var root func(i int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	first := map[string]int{}
	for i, item := range items {
		parent[i] = i
		for _, key := range item.Order {
			if j, ok := first[key]; ok {
				parent[root(i)] = root(j)
			} else {
				first[key] = i
			}
		}
	}
	numbers := map[int]int{}
	var groups [][]int
	for i := range items {
		r := root(i)
		n, ok := numbers[r]
		if !ok {
			n = len(groups)
			numbers[r] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	return groups
}
