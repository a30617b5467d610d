package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/cmd/fleetledger/demo"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// Files of the data folder that belong to the demo.
const (
	demoToken    = "demo-token" // there once the demo is filled
	demoPassword = "demo-password"
	demoAuditor  = "demo-auditor-token"
	demoBegan    = "demo-began"   // the instant that is the demo's present
	demoJournal  = "demo-journal" // while it is being filled
)

// demoRun is the demo of a data folder.
type demoRun struct {
	*engine
	running
	password string
	present  time.Duration // the clock's offset before it went into the past
	began    time.Time     // the demo's present; zero when it is filled already
	follows  []string      // prefixes of the streams that the read model waits for
	seen     eventlog.Position
}

// prepareDemo looks at what there is of the demo. Where it is to be filled, the
// clock goes into the past before anything else runs.
func prepareDemo(ctx context.Context, e *engine, r running) (*demoRun, error) {
	d := &demoRun{engine: e, running: r, present: e.clock.Offset()}
	filled, begun := exists(r.config.DataDir, demoToken), exists(r.config.DataDir, demoBegan)
	if !filled && !begun {
		if err := d.requireEmpty(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if d.password, err = d.keep(demoPassword, func() string { return randomText(12) }); err != nil || filled {
		return d, err
	}
	began, err := d.keep(demoBegan, func() string { return e.clock.Now().Format(time.RFC3339) })
	if err != nil {
		return nil, err
	}
	if d.began, err = time.Parse(time.RFC3339, began); err != nil {
		return nil, fmt.Errorf("the demo's beginning in %s: %w", d.path(demoBegan), err)
	}
	d.follows = slices.Concat(fleet.Projection().Prefixes, eventlog.Awaited)
	d.moveTo(demo.Start(d.began))
	return d, nil
}

// requireEmpty refuses a service that holds something else than a demo.
func (d *demoRun) requireEmpty(ctx context.Context) error {
	for _, err := range d.log.ReadAll(ctx, eventlog.Position{}, account.Aggregate.Category+"-") {
		if err != nil {
			return err
		}
		return fmt.Errorf("--demo fills an empty service, and the one of the data folder %s has accounts; leave --demo out, or name another folder with --data-dir",
			d.config.DataDir)
	}
	return nil
}

// fill fills what is not filled yet, and says how to look at it.
func (d *demoRun) fill(ctx context.Context) error {
	if d.began.IsZero() {
		fmt.Fprintln(d.con.out, "demo: it is filled in already")
		d.invite()
		return nil
	}
	d.passwords.Cheap.Store(true) // all of them are the random one
	defer func() {
		d.passwords.Cheap.Store(false)
		d.clock.Shift(d.present)
	}()
	if exists(d.config.DataDir, demoJournal) {
		fmt.Fprintln(d.con.out, "demo: the filling was interrupted and goes on")
	}
	filled, err := demo.Fill(ctx, demo.Service{
		Handler: d.server, Operator: d.token, Tokens: d.app.Tokens,
		MoveTo: d.moveTo, CatchUp: d.catchUp, RunDue: d.app.Schedule.RunDue,
		AccountToken: d.accountToken, Out: d.con.out, Journal: d.path(demoJournal),
	}, d.began, d.password)
	if err != nil {
		return err
	}
	// The token's file comes last: with it the demo is filled.
	err = errors.Join(writePrivate(d.path(demoAuditor), filled.Auditor+"\n"), writePrivate(d.path(demoToken), filled.Desk+"\n"))
	if err != nil {
		return err
	}
	d.invite()
	return os.Remove(d.path(demoJournal))
}

// invite says whom to sign in as.
func (d *demoRun) invite() {
	say := func(format string, values ...any) { fmt.Fprintf(d.con.out, format+"\n", values...) }
	say("demo: try  curl -H \"Authorization: Bearer $(cat %s)\" '%s/v1/customers?sort=-renewalSystems'", d.path(demoToken), d.address)
	say("sign in as %s with %s", demo.Administrator, d.password)
	if !exists(d.config.DataDir, demoAuditor) { // of a version before
		return
	}
	for _, other := range demo.Others {
		say("or as %s (%s)", other.Email, other.Who)
	}
	say("an auditor's token is in %s", d.path(demoAuditor))
}

func (d *demoRun) path(name string) string { return filepath.Join(d.config.DataDir, name) }

// keep gives the text of a file that is made at the first start.
func (d *demoRun) keep(name string, first func() string) (string, error) {
	text, err := os.ReadFile(d.path(name))
	if err == nil && len(text) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the demo's files: %w", err)
	}
	made := first()
	return made, writePrivate(d.path(name), made+"\n")
}

func (d *demoRun) moveTo(t time.Time) { d.clock.Shift(time.Until(t)) }

func (d *demoRun) accountToken(ctx context.Context, uid uuid.UUID, label string) (string, error) {
	secret, _, err := keepToken(ctx, d.stores, ports.AccountToken{Account: uid, Administrator: true, Label: label, CreatedAt: d.clock.Now()})
	return secret, err
}

// catchUp waits until the read model knows what is in the log.
func (d *demoRun) catchUp(ctx context.Context) error {
	for e, err := range d.log.ReadAll(ctx, d.seen, d.follows...) {
		if err != nil {
			return err
		}
		d.seen = e.Position
	}
	return d.runner.WaitFor(ctx, []string{fleet.Name}, d.seen)
}
