package eventnode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrInUse says that another node holds the log of this database.
var ErrInUse = errors.New("eventnode: another node is using this database")

// ErrFenced says that another node took over the log while this one was cut off
// from the database. It is final: this node writes no more.
var ErrFenced = errors.New("eventnode: another node took over this database, this node stopped")

// lockKey identifies the node lock among the advisory locks of a database.
const lockKey = 0x65766e6f6465 // "evnode"

// session is the one connection that writes the log. It holds the advisory lock
// and knows the fencing epoch. Only the writer goroutine uses it after Start.
type session struct {
	pool  *pgxpool.Pool
	owner uuid.UUID
	epoch int64
	conn  *pgx.Conn // nil when cut off
}

// open connects, takes the lock and claims a new epoch. Claiming waits for a
// write of an older epoch still under way in the server, so that afterwards its
// outcome is settled: it is in the log or it never will be.
//
// It returns the position of the last event in the log. Errors: ErrInUse when the
// lock is held elsewhere, ErrFenced when another node owns the log now.
func (s *session) open(ctx context.Context) (last int64, err error) {
	s.close()
	cfg := s.pool.Config()
	if cfg.BeforeConnect != nil {
		if err := cfg.BeforeConnect(ctx, cfg.ConnConfig); err != nil {
			return 0, fmt.Errorf("connect: %w", err)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	s.conn = conn
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	if s.epoch == 0 {
		if err := migrate(ctx, conn); err != nil {
			return 0, err
		}
	}
	if err := s.claim(ctx); err != nil {
		return 0, err
	}
	if err := conn.QueryRow(ctx, `SELECT coalesce(max(position), 0) FROM eventnode.events`).Scan(&last); err != nil {
		return 0, fmt.Errorf("read the end of the log: %w", err)
	}
	return last, nil
}

func (s *session) lock(ctx context.Context) error {
	// A database set to asynchronous commit would acknowledge what a crash of
	// PostgreSQL can still lose. Stricter settings are left as they are.
	var held bool
	err := s.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1),
		CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`,
		int64(lockKey)).Scan(&held, nil)
	if err != nil {
		return fmt.Errorf("take the node lock: %w", err)
	}
	if held {
		return nil
	}
	if s.epoch == 0 {
		return ErrInUse
	}
	var owner uuid.UUID
	if err := s.conn.QueryRow(ctx, `SELECT owner FROM eventnode.node`).Scan((*[16]byte)(&owner)); err != nil {
		return fmt.Errorf("read the owner of the log: %w", err)
	}
	if owner != s.owner {
		return ErrFenced
	}
	return ErrInUse // our own old session, not yet noticed dead by the server
}

// claim takes a new epoch. The first claim of a node is unconditional (it holds
// the lock); later ones succeed only while nobody else claimed in between.
func (s *session) claim(ctx context.Context) error {
	var epoch int64
	err := s.conn.QueryRow(ctx, `UPDATE eventnode.node
		SET epoch = epoch + 1, owner = $1, claimed = now()
		WHERE owner = $1 OR $2 RETURNING epoch`, [16]byte(s.owner), s.epoch == 0).Scan(&epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrFenced
	}
	if err != nil {
		return fmt.Errorf("claim the log: %w", err)
	}
	s.epoch = epoch
	return nil
}

// alive checks the connection and that this node still owns the log.
func (s *session) alive(ctx context.Context) error {
	var mine bool
	err := s.conn.QueryRow(ctx, `SELECT epoch = $1 FROM eventnode.node`, s.epoch).Scan(&mine)
	if err != nil {
		return fmt.Errorf("check the node lock: %w", err)
	}
	if !mine {
		return ErrFenced
	}
	return nil
}

// insert appends the records in one statement, which is one transaction, and
// returns ErrFenced when the epoch is no longer ours. After any other error the
// outcome is unknown until the next open.
func (s *session) insert(ctx context.Context, records []*record) error {
	n := len(records)
	positions, revisions := make([]int64, n), make([]int64, n)
	created, ids, isJSON := make([]time.Time, n), make([][16]byte, n), make([]bool, n)
	streams, types := make([]string, n), make([]string, n)
	data, metadata := make([][]byte, n), make([][]byte, n)
	for i, r := range records {
		positions[i], revisions[i] = r.position, r.revision
		created[i], ids[i], isJSON[i] = r.created, r.id, r.isJSON
		streams[i], types[i] = r.stream, r.typ
		data[i], metadata[i] = r.data, r.metadata
	}
	tag, err := s.conn.Exec(ctx, insertSQL, s.epoch, positions, revisions, created, ids, isJSON, streams, types, data, metadata)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != int64(n) {
		return ErrFenced
	}
	return nil
}

// The share lock makes the next claim wait for this statement; the join makes a
// lost epoch insert nothing.
const insertSQL = `WITH fence AS MATERIALIZED (SELECT 1 FROM eventnode.node WHERE epoch = $1 FOR SHARE)
INSERT INTO eventnode.events (position, revision, created, id, is_json, stream, type, data, metadata)
SELECT e.* FROM fence, unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::uuid[], $6::boolean[],
	$7::text[], $8::text[], $9::bytea[], $10::bytea[]) AS e`

func (s *session) close() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx) // it is being given up: nothing to do about an error
	s.conn = nil
}
