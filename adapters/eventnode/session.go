package eventnode

import (
	"cmp"
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

// ErrSetBack says that the log in the database is not the one that this node wrote to:
// the database was restored, or replaced, under it. It is final: what the node
// remembers is of a future that is lost.
var ErrSetBack = errors.New("eventnode: the database was set back or replaced while the service ran, as by a restore; " +
	"this node stopped, and nothing was written to it: start the service again")

// lockKey identifies the node lock among the advisory locks of a database.
const lockKey = 0x65766e6f6465 // "evnode"

// longestSilence is how long the session that holds the lock may say nothing: a
// running node asks it something at every heartbeat. One that does not is frozen or
// out of reach.
const longestSilence = 4 * heartbeat

// session is the one connection that writes the log. It holds the advisory lock
// and knows the fencing epoch. Only the writer goroutine uses it after Start.
type session struct {
	pool  *pgxpool.Pool
	owner uuid.UUID
	epoch int64
	end   ending
	conn  *pgx.Conn // nil when cut off

	silence time.Duration // 0: longestSilence
}

// ending is the end of the log as this node knows it: its last event, zero when it
// is empty.
type ending struct {
	position int64
	id       [16]byte
}

// open connects, takes the lock and claims a new epoch. Claiming waits for a
// write of an older epoch still under way in the server, so that afterwards its
// outcome is settled: it is in the log or it never will be.
//
// It returns the position of the last event in the log. Errors: ErrInUse when the
// lock is held elsewhere, ErrFenced when another node owns the log now, ErrSetBack
// when the log does not have the end any more that it had.
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
	if err := s.findEnd(ctx); err != nil {
		return 0, err
	}
	return s.end.position, nil
}

// findEnd learns where the log ends. A write whose outcome was unknown may have come
// behind the end that was known; that one must still be there.
func (s *session) findEnd(ctx context.Context) error {
	var known bool
	var now ending
	err := s.conn.QueryRow(ctx, `SELECT $1 = 0 OR EXISTS (SELECT FROM eventnode.events WHERE position = $1 AND id = $2)`,
		s.end.position, s.end.id).Scan(&known)
	if err == nil && !known {
		return ErrSetBack
	}
	if err == nil {
		err = s.conn.QueryRow(ctx, `SELECT position, id FROM eventnode.events ORDER BY position DESC LIMIT 1`).Scan(&now.position, &now.id)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	s.end = now
	return nil
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
		return errors.Join(ErrInUse, s.endSilent(ctx))
	}
	var owner uuid.UUID
	if err := s.conn.QueryRow(ctx, `SELECT owner FROM eventnode.node`).Scan((*[16]byte)(&owner)); err != nil {
		return fmt.Errorf("read the owner of the log: %w", err)
	}
	if owner != s.owner {
		return s.lost(ctx)
	}
	return ErrInUse // our own old session, not yet noticed dead by the server
}

// endSilent ends the session that holds the lock if its node has said nothing for
// long, by the clock of the database, so that the next attempt gets the lock. The
// node finds out when it goes on, and is fenced. A server that does not show what
// sessions do, or not to this role, leaves it as it is.
func (s *session) endSilent(ctx context.Context) error {
	_, err := s.conn.Exec(ctx, `SELECT pg_terminate_backend(a.pid) FROM pg_locks k JOIN pg_stat_activity a ON a.pid = k.pid
		WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 1 AND a.datname = current_database()
			AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND k.classid::bigint = $1::bigint >> 32 AND k.objid::bigint = $1::bigint & x'ffffffff'::bigint
			AND a.usename = current_user AND a.state = 'idle' AND a.state_change < clock_timestamp() - $2::interval`,
		int64(lockKey), cmp.Or(s.silence, longestSilence))
	if err != nil {
		return fmt.Errorf("end the session of a node that is silent: %w", err)
	}
	return nil
}

// claim takes a new epoch. The first claim of a node is unconditional (it holds
// the lock); later ones succeed only while nobody else claimed in between.
func (s *session) claim(ctx context.Context) error {
	var epoch int64
	err := s.conn.QueryRow(ctx, `UPDATE eventnode.node
		SET epoch = epoch + 1, owner = $1, claimed = now()
		WHERE owner = $1 OR $2 RETURNING epoch`, [16]byte(s.owner), s.epoch == 0).Scan(&epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return s.lost(ctx)
	}
	if err != nil {
		return fmt.Errorf("claim the log: %w", err)
	}
	s.epoch = epoch
	return nil
}

// alive checks the connection, that this node still owns the log, and that the log
// ends where this node left it.
func (s *session) alive(ctx context.Context) error {
	var mine bool
	err := s.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM eventnode.node WHERE epoch = $1 AND `+endsAt("$2", "$3")+`)`,
		s.epoch, s.end.position, s.end.id).Scan(&mine)
	if err != nil {
		return fmt.Errorf("check the node lock: %w", err)
	}
	if !mine {
		return s.lost(ctx)
	}
	return nil
}

// lost tells why this node may write no more. Whoever takes over counts the epoch up; a
// database that is an older one has an older epoch, or none, or another end.
func (s *session) lost(ctx context.Context) error {
	var epoch int64
	err := s.conn.QueryRow(ctx, `SELECT epoch FROM eventnode.node`).Scan(&epoch)
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("read the owner of the log: %w", err)
	case epoch > s.epoch:
		return ErrFenced
	default:
		return ErrSetBack
	}
}

// endsAt is the condition that the log ends with an event, of which position and id are
// given, or is empty as it was. It costs a look at the end of the primary key.
func endsAt(position, id string) string {
	return fmt.Sprintf(`coalesce((SELECT position = %[1]s::bigint AND id = %[2]s::uuid FROM eventnode.events ORDER BY position DESC LIMIT 1),
		%[1]s::bigint = 0)`, position, id)
}

// errNotNew says that a stream is there that was taken to be new, and nothing was written.
var errNotNew = errors.New("a stream is not new")

// insert appends the records in one statement, which is one transaction, and
// returns errNotNew when one of the streams that are to be new is there, ErrFenced when
// the epoch is no longer ours, ErrSetBack when the log does not end where this node left
// it. After any other error the outcome is unknown until the next open.
func (s *session) insert(ctx context.Context, records []*record, toBeNew []string) error {
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
	tag, err := s.conn.Exec(ctx, insertSQL, s.epoch, positions, revisions, created, ids, isJSON, streams, types, data, metadata,
		s.end.position, s.end.id, toBeNew)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != int64(n) {
		return s.refused(ctx, toBeNew)
	}
	s.end = ending{position: records[n-1].position, id: records[n-1].id}
	return nil
}

// refused tells why an insert wrote nothing.
func (s *session) refused(ctx context.Context, toBeNew []string) error {
	switch err := s.alive(ctx); {
	case err != nil:
		return err
	case len(toBeNew) > 0:
		return errNotNew
	default:
		return s.lost(ctx)
	}
}

// anyStream is whether one of the streams is in the log.
func anyStream(names string) string {
	return `EXISTS (SELECT FROM unnest(` + names + `::text[]) AS n(name), LATERAL (SELECT FROM eventnode.events WHERE stream = n.name LIMIT 1) e)`
}

// The share lock makes the next claim wait for this statement; the join makes a
// lost epoch insert nothing, and so does another end of the log than the one known, and
// a stream that is not new.
var insertSQL = `WITH fence AS MATERIALIZED (SELECT 1 FROM eventnode.node WHERE epoch = $1 AND ` + endsAt("$11", "$12") + `
	AND NOT ` + anyStream("$13") + ` FOR SHARE)
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
