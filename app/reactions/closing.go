package reactions

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
)

// stopOpen ends what was open when an account was closed: its partnerships and
// requests for one, orders that wait, release requests that were asked or are held
// without an answer, operations. Each is an event of its own, an operation apart,
// which is none of the log's. Reopening the account brings none of it back.
//
// What a command adds that began before the closing ends with it, unless the account
// was reopened. Asking a closed account to release a device stays possible: the
// operator answers, and what is retired is released by itself.
func (f *Finisher) stopOpen(ctx context.Context, closed uuid.UUID, e eventlog.Recorded) error {
	l, err := eventlog.Load(ctx, f.executor.Log, account.Aggregate, closed)
	if err != nil {
		return err
	}
	open, err := f.open.concerning(ctx, f.executor.Log, closed)
	if err != nil {
		return err
	}
	env := f.because(e).Step("closed")
	env.Command.Reason = account.ReasonClosed
	belongs := func(since eventlog.Position) bool {
		return since.Before(e.Position) || l.State.Status == account.Closed
	}
	stops := stage{}
	stop := func(name string, do func(context.Context, command.Env) error) {
		stops[name] = func(ctx context.Context) error { return f.orRefused(ctx, do(ctx, env)) }
	}
	for uid, p := range open.partnerships {
		if belongs(p.since) {
			stop("partnership "+uid.String(), func(ctx context.Context, env command.Env) error {
				return f.partnerships.Stop(ctx, env, uid, closed)
			})
		}
	}
	for uid, o := range open.orders {
		if belongs(o.since) {
			stop("renewal order "+uid.String(), func(ctx context.Context, env command.Env) error {
				return f.renewals.Stop(ctx, env, uid, closed)
			})
		}
	}
	for uid, r := range open.releases {
		if r.since.Before(e.Position) || r.requester == closed && belongs(r.since) {
			stop("release request "+uid.String(), func(ctx context.Context, env command.Env) error {
				return f.devices.EndRelease(ctx, env.Step("closed "+uid.String()), r.owner, uid)
			})
		}
	}
	stops["operations"] = func(ctx context.Context) error {
		return f.operations.StopOperations(ctx, closed, account.CodeAccountClosed+": "+account.ReasonClosed, e.Metadata.OccurredAt, env.At)
	}
	return stops.run(ctx)
}

// stopOpen is for an account that was closed.
func (t *tasks) stopOpen(uid uuid.UUID, e eventlog.Recorded) {
	t.others["what is open of account "+uid.String()+" at "+e.ID.String()] = func(ctx context.Context) error {
		return t.finisher.stopOpen(ctx, uid, e)
	}
}
