package eventnode

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// migrations are applied in order, each once; their count is the schema version.
// Never edit one that was released: append a new one.
var migrations = []string{
	`CREATE TABLE eventnode.node (
		single   boolean PRIMARY KEY DEFAULT true CHECK (single),
		epoch    bigint  NOT NULL,
		owner    uuid    NOT NULL,
		claimed  timestamptz NOT NULL DEFAULT now()
	);
	COMMENT ON TABLE eventnode.node IS 'which node may write: every insert checks the epoch';
	INSERT INTO eventnode.node (epoch, owner) VALUES (0, '00000000-0000-0000-0000-000000000000');

	CREATE TABLE eventnode.events (
		position bigint      PRIMARY KEY,
		revision bigint      NOT NULL,
		created  timestamptz NOT NULL,
		id       uuid        NOT NULL,
		is_json  boolean     NOT NULL,
		stream   text COLLATE "C" NOT NULL,
		type     text COLLATE "C" NOT NULL,
		data     bytea       NOT NULL,
		metadata bytea       NOT NULL,
		UNIQUE (stream, revision)
	);
	COMMENT ON TABLE eventnode.events IS 'the log: append only, positions without gaps in commit order';`,
}

// MigrateTo makes the schema in an empty database as an older program knew it.
func MigrateTo(ctx context.Context, conn *pgx.Conn, version int) error {
	if version < 1 || version > len(migrations) {
		return fmt.Errorf("there is no version %d of schema eventnode, this program knows %d: start the newer program", version, len(migrations))
	}
	return migrateTo(ctx, conn, version)
}

// migrate brings the schema up to date. The caller holds the node lock, so no
// other node migrates at the same time.
func migrate(ctx context.Context, conn *pgx.Conn) error { return migrateTo(ctx, conn, len(migrations)) }

func migrateTo(ctx context.Context, conn *pgx.Conn, to int) error {
	_, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS eventnode;
		CREATE TABLE IF NOT EXISTS eventnode.schema_version (version int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())`)
	if err != nil {
		return fmt.Errorf("create schema eventnode: %w", err)
	}
	var version int
	if err := conn.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM eventnode.schema_version`).Scan(&version); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version > len(migrations) {
		return fmt.Errorf("schema eventnode has version %d, this program knows %d: start the newer program", version, len(migrations))
	}
	for v := version; v < to; v++ {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, migrations[v]); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO eventnode.schema_version (version) VALUES ($1)`, v+1)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate schema eventnode to version %d: %w", v+1, err)
		}
	}
	return nil
}
