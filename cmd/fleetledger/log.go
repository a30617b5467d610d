package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/app/logcopy"
)

type logCmd struct {
	Copy logCopyCmd `cmd:"" help:"Copy the whole log to another event store, beside the running service, and prove that both are the same. Given again it copies what has come since, or goes on where it was interrupted."`
}

type logCopyCmd struct {
	To string `help:"The event store to copy to, esdb://...; empty, or with a copy of this log." env:"FLEETLEDGER_COPY_TO" placeholder:"URL" required:""`
}

// Validate never repeats the address: it may hold a password.
func (l logCopyCmd) Validate() (err error) {
	checkURL(func(variable, format string, args ...any) {
		err = fmt.Errorf("%s: "+format, append([]any{variable}, args...)...)
	}, "--to", l.To, storeSchemes...)
	return err
}

// How long a copy waits for a target that is away: at the begin, and in between.
const (
	targetPing     = 10 * time.Second
	targetPatience = time.Minute
)

// Run copies and proves. It is done only when both logs have one root.
func (l logCopyCmd) Run(ctx context.Context, cfg *Config, c console) (err error) {
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	target, err := eventstoredb.Open(ctx, eventstoredb.Options{ConnectionString: l.To, CallTimeout: targetPatience, Logger: quiet()})
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	ping, cancel := context.WithTimeout(ctx, targetPing)
	defer cancel()
	if err := target.Ping(ping); err != nil {
		return fmt.Errorf("the target: %w", err)
	}
	proof, err := logcopy.Copy(ctx, s.log.Sealed(), target.Sealed(), tellCopy(c))
	switch {
	case ctx.Err() != nil:
		return errors.New("the copy was interrupted and is not whole; the same command goes on with it")
	case err != nil:
		return err
	}
	fmt.Fprintf(c.out, "%d events were copied\n", proof.Copied)
	fmt.Fprintf(c.out, "this log:   %d events, root %s\n", proof.Events, proof.Here)
	fmt.Fprintf(c.out, "the target: %d events, root %s\n", proof.Events, proof.Root)
	if proof.Here != proof.Root {
		return errors.New("the roots differ")
	}
	fmt.Fprintln(c.out, "the copy is whole: the same events, in the same order, byte for byte")
	return nil
}

// tellCopy prints how a copy is getting on, a line a second at the most.
func tellCopy(c console) func(logcopy.Progress) {
	var step string
	var begun, told time.Time
	var first logcopy.Progress
	return func(at logcopy.Progress) {
		now := time.Now()
		if at.Step != step {
			step, begun, told, first = at.Step, now, time.Time{}, at
		}
		if now.Sub(told) < time.Second {
			return
		}
		told = now
		line := fmt.Sprintf("%s: %d events", at.Step, at.Events)
		elapsed, done := now.Sub(begun), at.Events-first.Events
		if done > 0 && elapsed > 0 {
			line += fmt.Sprintf(", %.0f events/s", float64(done)/elapsed.Seconds())
		}
		// Positions are as far apart as the events between them are many, or long.
		if way := float64(at.At.Commit) - float64(first.At.Commit); way > 0 && at.At.Before(at.End) {
			left := time.Duration(float64(elapsed) * float64(at.End.Commit-at.At.Commit) / way)
			line += fmt.Sprintf(", about %s left", left.Round(time.Second))
		}
		fmt.Fprintln(c.err, line)
	}
}
