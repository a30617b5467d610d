package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/apart"
	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// restoration is a database that was filled from a backup, on its way to a service.
type restoration struct {
	config   Config
	manifest backup.Manifest
	later    []apart.Entry
	con      console

	withoutKey bool
}

// complete does what a filled database still needs: the migrations since, a new
// epoch, the erasures since, the read models. Then it takes the marks away and
// tells what is lost.
func (r restoration) complete(ctx context.Context) (err error) {
	r.config.Restoring, r.config.AnalystAddr, r.config.NodeAddr = true, "", ""
	s, err := openStores(ctx, &r.config, quiet(), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	e, err := newEngine(ctx, &r.config, s, quiet(), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	var epoch eventlog.Epoch
	if r.manifest.Log != nil {
		if epoch, err = eventlog.TakeNewEpoch(ctx, e.log, e.clock); err != nil {
			return err
		}
	}
	if r.withoutKey {
		if err := r.giveUpAll(ctx, e); err != nil {
			return err
		}
	}
	gone, err := r.mails(ctx, e)
	if err != nil {
		return err
	}
	erased, err := r.eraseAgain(ctx, e)
	if err != nil {
		return err
	}
	r.fillReadModels(ctx, e)
	if err := os.Remove(filepath.Join(r.config.DataDir, restoringFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	conn, err := dedicated(ctx, e.pool)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := backup.Finish(ctx, conn); err != nil {
		return err
	}
	r.report(epoch, erased, gone)
	return nil
}

// giveUpAll goes on without what the lost key has sealed.
func (r restoration) giveUpAll(ctx context.Context, e *engine) error {
	lost, err := e.log.Lost(ctx)
	if err != nil {
		return err
	}
	for _, l := range lost {
		if err := e.giveUp(ctx, l, "a backup was restored without the installation's key"); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.con.out, "without the installation's key: %d persons read \"unreadable\"; secrets of external accounts have to be given anew\n", len(lost))
	return nil
}

// eraseAgain erases whoever was erased after the backup.
func (r restoration) eraseAgain(ctx context.Context, e *engine) (again []uuid.UUID, err error) {
	for _, entry := range r.later {
		if entry.Erased == uuid.Nil {
			continue
		}
		known, err := e.persons.Find(ctx, []uuid.UUID{entry.Erased})
		if err != nil {
			return again, err
		}
		if known[entry.Erased].Erased {
			continue
		}
		c := command.Command{ID: uuid.Must(uuid.NewV7()), Reason: "erased before the restore of a backup, on " + entry.At.Format(time.RFC3339)}
		_, err = e.app.People.Erase(ctx, access.Caller{Actor: access.OperatorActor}, entry.Erased, c)
		if errors.Is(err, query.ErrNotFound) { // nothing in the backup names the person
			err = e.persons.Erase(ctx, entry.Erased)
		}
		if err != nil {
			return again, fmt.Errorf("erase person %s again: %w", entry.Erased, err)
		}
		again = append(again, entry.Erased)
	}
	return again, nil
}

// skew is by how much the clocks of the database and of an instance may differ.
const skew = time.Minute

// mails gives the mails that went out after the backup about what is not in it.
// All that went out are noted as sent: those that will be caused again in the same
// way are not sent twice.
func (r restoration) mails(ctx context.Context, e *engine) (gone []apart.Entry, err error) {
	var since []apart.Entry
	var sent, about []uuid.UUID
	for _, entry := range r.later {
		if entry.Mail != uuid.Nil && entry.At.After(r.manifest.CreatedAt.Add(-skew)) {
			since = append(since, entry)
			sent, about = append(sent, entry.Mail), append(about, entry.Event)
		}
	}
	if len(since) == 0 {
		return nil, nil
	}
	_, err = e.pool.Exec(ctx, `INSERT INTO ops.mails AS m (id, state, finished_at) SELECT unnest($1::uuid[]), 'sent', now()
		ON CONFLICT (id) DO UPDATE SET state = 'sent', sealed = NULL, finished_at = now() WHERE m.state = 'waiting'`, sent)
	if err != nil {
		return nil, fmt.Errorf("note mails that went out: %w", err)
	}
	if r.manifest.Log == nil {
		return since, nil
	}
	there := map[uuid.UUID]bool{}
	rows, err := e.pool.Query(ctx, `SELECT id::text, right(stream, 36) FROM eventnode.events
		WHERE id = ANY ($1::uuid[]) OR right(stream, 36) = ANY ($1::uuid[]::text[])`, about)
	if err != nil {
		return nil, fmt.Errorf("look for what mails were about: %w", err)
	}
	var event, of string
	if _, err := pgx.ForEachRow(rows, []any{&event, &of}, func() error {
		for _, text := range []string{event, of} {
			if id, err := uuid.Parse(text); err == nil {
				there[id] = true
			}
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look for what mails were about: %w", err)
	}
	for _, entry := range since {
		if !there[entry.Event] {
			gone = append(gone, entry)
		}
	}
	return gone, nil
}

// fillReadModels makes the read models, so that the service can answer as soon as
// it starts. Where that fails the service says why, and goes on with it.
func (r restoration) fillReadModels(ctx context.Context, e *engine) {
	err := analysts.EnsureGroup(ctx, e.pool)
	if err != nil {
		fmt.Fprintln(r.con.err, "analysts have no access to the database until a user who may manage roles has run some SQL: see analyst create --help")
	}
	if err = e.runner.Prepare(ctx); err == nil {
		for _, name := range e.runner.Names() {
			err = errors.Join(err, e.runner.Rebuild(ctx, name, nil))
		}
	}
	if err != nil {
		fmt.Fprintln(r.con.err, "the read models are not filled yet, the service will do that:", err)
	}
}

// report says what came back and what did not.
func (r restoration) report(epoch eventlog.Epoch, erased []uuid.UUID, gone []apart.Entry) {
	out := r.con.out
	m := r.manifest
	fmt.Fprintf(out, "restored into %s: %s\n", target(&r.config), contents(m))
	from, until, told := m.CreatedAt, time.Now(), "now"
	if n := len(r.later); n > 0 && r.later[n-1].At.After(from) {
		until, told = r.later[n-1].At, "the last thing that the lists kept apart know of"
	}
	fmt.Fprintf(out, "lost: whatever happened from %s on, when the backup was made; that is %s until %s (%s)\n",
		from.Format(time.RFC3339), span(until.Sub(from)), until.UTC().Format(time.RFC3339), told)
	if m.Log != nil {
		fmt.Fprintf(out, "the log is in epoch %s: positions and revisions that were given out before are refused\n", epoch)
	}
	if len(r.later) == 0 {
		fmt.Fprintln(out, "no list kept apart was read (--since): whoever was erased after the backup is not erased here, and mails that went out are not known")
	}
	for _, person := range erased {
		fmt.Fprintf(out, "erased again, as it was after the backup: person %s\n", person)
	}
	if len(gone) > 0 {
		fmt.Fprintf(out, "%d mails went out about what is not there any more:\n", len(gone))
	}
	for _, mail := range gone {
		fmt.Fprintf(out, "  %s %s, event %s, mail %s\n", mail.At.Format(time.RFC3339), mail.Kind, mail.Event, mail.Mail)
	}
	fmt.Fprintln(out, "the operator's token and the outbox are not in a backup: the service makes a new token unless FLEETLEDGER_OPERATOR_TOKEN is set")
}
