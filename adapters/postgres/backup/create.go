package backup

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Source is what a backup is made of.
type Source struct {
	Conn    *pgx.Conn // nobody else uses it meanwhile
	Program string    // the version of this program
	// WithLog says that the log is in this database too.
	WithLog bool
	// Progress is told how it is getting on.
	Progress Progress
}

// Create writes a backup to a new file. The service may run: nothing waits for
// the backup, which shows one instant of the database. When something goes
// wrong, or ctx ends, no file is left; a killed process leaves path + ".tmp".
func Create(ctx context.Context, s Source, path string) (m Manifest, err error) {
	a, err := createArchive(path)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			a.abandon()
		}
	}()
	// However slow the disk is.
	if _, err := s.Conn.Exec(ctx, `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET TimeZone = 'UTC'`); err != nil {
		return m, fmt.Errorf("prepare the connection: %w", err)
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.Conn, snapshot, func(tx pgx.Tx) error {
		if m, err = s.describe(ctx, tx); err != nil {
			return err
		}
		for i := range m.Tables {
			if err := s.copyTable(ctx, a.zip, &m.Tables[i]); err != nil {
				return fmt.Errorf("copy table %s: %w", m.Tables[i].Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	if err := m.complete(); err != nil {
		return m, err
	}
	return m, a.finish(m)
}

// describe begins the snapshot and tells all that is known before the copying.
func (s Source) describe(ctx context.Context, tx pgx.Tx) (Manifest, error) {
	m := Manifest{Format: Format, Program: s.Program}
	var service *string
	err := tx.QueryRow(ctx, `SELECT now(), to_regclass('ops.schema_migrations')::text`).Scan(&m.CreatedAt, &service)
	if err != nil {
		return m, fmt.Errorf("begin a snapshot: %w", err)
	}
	if service == nil {
		return m, errors.New("this database holds no service")
	}
	m.CreatedAt = m.CreatedAt.UTC()
	err = tx.QueryRow(ctx, `SELECT (SELECT max(version_id) FROM ops.schema_migrations WHERE is_applied), (SELECT max(version) FROM ops.river_migration)`).
		Scan(&m.Migrations.Service, &m.Migrations.Jobs)
	if err != nil {
		return m, fmt.Errorf("read versions of the schemas: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT decode(value #>> '{}', 'base64') FROM ops.settings WHERE key = 'person-key'`).Scan(&m.KeyMark)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return m, fmt.Errorf("read the mark of the installation's key: %w", err)
	}
	schemas := []string{"ops"}
	if s.WithLog {
		schemas = append(schemas, "eventnode")
		if m.Log, err = describeLog(ctx, tx, &m); err != nil {
			return m, err
		}
	}
	m.Tables, err = tables(ctx, tx, schemas)
	return m, err
}

func describeLog(ctx context.Context, tx pgx.Tx, m *Manifest) (*Log, error) {
	var events *string
	if err := tx.QueryRow(ctx, `SELECT to_regclass('eventnode.events')::text`).Scan(&events); err != nil {
		return nil, fmt.Errorf("look for the log: %w", err)
	}
	if events == nil {
		return nil, errors.New("this database holds no log: with an event store of its own, give FLEETLEDGER_EVENTSTORE_URL as the service has it")
	}
	log, last := &Log{}, Event{}
	var metadata, opened, restored []byte
	err := tx.QueryRow(ctx, `SELECT max(version),
		(SELECT data FROM eventnode.events WHERE stream = $1 AND type = 'LogOpened' ORDER BY revision LIMIT 1),
		(SELECT data FROM eventnode.events WHERE stream = $1 AND type = 'LogRestored' ORDER BY revision DESC LIMIT 1)
		FROM eventnode.schema_version`, eventlog.IdentityStream).Scan(&m.Migrations.Log, &opened, &restored)
	if err != nil {
		return nil, fmt.Errorf("read the identity of the log: %w", err)
	}
	var first eventlog.LogOpened
	var latest eventlog.LogRestored
	if json.Unmarshal(opened, &first) == nil {
		log.Source = first.Log
	}
	if json.Unmarshal(restored, &latest) == nil {
		log.Epoch = latest.Epoch
	}
	err = tx.QueryRow(ctx, `SELECT position, id, created, metadata FROM eventnode.events ORDER BY position DESC LIMIT 1`).
		Scan(&last.Position, (*[16]byte)(&last.ID), &last.RecordedAt, &metadata)
	if errors.Is(err, pgx.ErrNoRows) {
		return log, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the end of the log: %w", err)
	}
	var told struct {
		OccurredAt time.Time `json:"occurredAt"`
	}
	if json.Unmarshal(metadata, &told) == nil { // else not one of the service's events
		last.OccurredAt = told.OccurredAt
	}
	last.RecordedAt = last.RecordedAt.UTC()
	log.Events, log.Last = last.Position, &last // positions have no gaps
	return log, nil
}

// tables lists what is copied. What migrating makes by itself is left out, and
// which node of now may write.
func tables(ctx context.Context, tx pgx.Tx, schemas []string) ([]Table, error) {
	rows, err := tx.Query(ctx, `SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname = ANY ($1)
			AND n.nspname || '.' || c.relname <> ALL ('{ops.schema_migrations,ops.river_migration,eventnode.schema_version,eventnode.node}')
		GROUP BY 1 ORDER BY 1`, schemas)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		return t, row.Scan(&t.Name, &t.Columns)
	})
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return all, nil
}

// selection is what of a table is copied: of the followers of the log those that
// have read models are left out, since they begin anew. The log is in its order.
func (t Table) selection() string {
	what := "SELECT " + columnList(t.Columns) + " FROM " + tableName(t.Name) + " t"
	switch t.Name {
	case "ops.projector_checkpoint":
		what += ` WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'rm_' || t.name || '_v' || t.version)`
	case eventsTable:
		what += ` ORDER BY position`
	}
	return what
}

func (s Source) copyTable(ctx context.Context, archive *zip.Writer, t *Table) error {
	entry, err := archive.Create(t.entry())
	if err != nil {
		return err
	}
	sum := sha256.New()
	counted := &counter{to: io.MultiWriter(entry, sum), table: t, progress: s.Progress}
	if _, err := s.Conn.PgConn().CopyTo(ctx, counted, "COPY ("+t.selection()+") TO STDOUT"); err != nil {
		return err
	}
	s.Progress.tell("copied", t.Name, t.Rows, t.Rows)
	t.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// counter counts rows: each ends a line, and no value does.
type counter struct {
	to       io.Writer
	table    *Table
	progress Progress
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	before := c.table.Rows
	c.table.Rows += int64(bytes.Count(b, []byte{'\n'}))
	c.table.Bytes += int64(len(b))
	if before/progressRows != c.table.Rows/progressRows {
		c.progress.tell("copying", c.table.Name, c.table.Rows, 0)
	}
	return c.to.Write(b)
}

// complete compares what was copied with what was described.
func (m Manifest) complete() error {
	if m.Log != nil && m.Rows(eventsTable) != m.Log.Events {
		return fmt.Errorf("the log has gaps: its last event is %d, and it has %d", m.Log.Events, m.Rows(eventsTable))
	}
	return nil
}
