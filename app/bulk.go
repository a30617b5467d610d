package app

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// workers is how many streams one request works on at once.
const workers = 16

// bulkItem is one item of a bulk command. One with problems is refused with
// them and nothing is looked up. Items that share one of their lanes are
// carried out in request order, since the earlier one comes first to what both
// want; all others at the same time.
type bulkItem struct {
	ref, name string
	problems  []domain.Problem
	change    change[device.State]
	lanes     []string
}

// bulk is a bulk command.
type bulk struct {
	items          []bulkItem
	success        domain.Outcome // of an item that was carried out
	dryRun, atomic bool
	visible        func(account uuid.UUID) bool
}

// carryOutBulk carries out a bulk command in the way that was asked for. An
// error means that not all items were looked at; repeating the command goes on.
func (a *App) carryOutBulk(ctx context.Context, w write, b bulk) (BulkResult, error) {
	if err := b.check(); err != nil {
		return BulkResult{}, err
	}
	results, err := a.resultsOf(ctx, w, b)
	if err != nil {
		return BulkResult{}, err
	}
	return b.answer(w.command.ID, results), nil
}

// check refuses what is wrong with the request as a whole.
func (b bulk) check() error {
	if b.atomic && len(b.items) > maxTogether {
		return domain.Refuse(batchTooLarge)
	}
	return nil
}

func (a *App) resultsOf(ctx context.Context, w write, b bulk) ([]result[device.State], error) {
	switch {
	case b.dryRun:
		results, err := a.judgeAll(ctx, w, b.items)
		if b.atomic {
			refuseAll(results)
		}
		return results, err
	case b.atomic:
		return a.carryOutTogether(ctx, w, b.items)
	}
	return each(ctx, b.items, func(ctx context.Context, i int) (result[device.State], error) {
		r, err := carryOut(ctx, a, w, b.items[i].change)
		if errors.Is(err, eventlog.ErrBusy) { // says nothing about the others
			return result[device.State]{problems: []domain.Problem{device.Busy()}}, nil
		}
		return r, err
	})
}

// judgeAll decides all items by one plan, in request order where that matters.
func (a *App) judgeAll(ctx context.Context, w write, items []bulkItem) ([]result[device.State], error) {
	p := a.plan()
	return each(ctx, items, func(ctx context.Context, i int) (result[device.State], error) {
		return judge(ctx, a, w, items[i].change, p)
	})
}

// each does all items that have no problems yet. The first error ends it.
func each(ctx context.Context, items []bulkItem, do func(ctx context.Context, i int) (result[device.State], error)) ([]result[device.State], error) {
	results := make([]result[device.State], len(items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, lane := range lanes(items) {
		g.Go(func() error {
			for _, i := range lane {
				if results[i].problems = items[i].problems; len(items[i].problems) > 0 {
					continue
				}
				var err error
				if results[i], err = do(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return results, g.Wait()
}

// lanes groups the items that are connected by common lanes, each group in
// request order.
func lanes(items []bulkItem) [][]int {
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
		for _, lane := range item.lanes {
			if j, ok := first[lane]; ok {
				parent[root(i)] = root(j)
			} else {
				first[lane] = i
			}
		}
	}
	group := map[int]int{}
	var groups [][]int
	for i := range items {
		r := root(i)
		g, ok := group[r]
		if !ok {
			g = len(groups)
			group[r] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

func (b bulk) answer(id uuid.UUID, results []result[device.State]) BulkResult {
	answer := BulkResult{ID: id, Results: make([]ItemResult, len(results))}
	for i, r := range results {
		item := ItemResult{Index: i, Ref: b.items[i].ref, Name: b.items[i].name, Problems: r.problems}
		switch {
		case len(r.problems) > 0:
			item.Outcome = domain.OutcomeRefused
		case r.done:
			item.Outcome = b.success
		default:
			item.Outcome = domain.OutcomeUnchanged
		}
		if item.Outcome != domain.OutcomeRefused && b.visible(r.state.Account) {
			item.Device, item.Revision = &r.state, r.revision
		}
		// Where a foreign device was last written is not the caller's to know.
		if (r.done || b.visible(r.state.Account)) && answer.Position.Before(r.position) {
			answer.Position = r.position
		}
		answer.Results[i] = item
	}
	return answer
}

// duplicates remembers which devices of a request had their turn.
type duplicates map[uuid.UUID]bool

var duplicate = domain.Problem{Code: CodeDuplicate, Detail: "The device stands in the request already."}

// check gives a problem for the second and every later appearance.
func (d duplicates) check(uid uuid.UUID) []domain.Problem {
	if d[uid] {
		return []domain.Problem{duplicate}
	}
	d[uid] = true
	return nil
}
