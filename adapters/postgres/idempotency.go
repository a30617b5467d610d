package postgres

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/query"
)

// Refusals of Begin and Finish.
var (
	// ErrKeyReused: the key was used for another request.
	ErrKeyReused = errors.New("idempotency key was used for another request")
	// ErrKeyBusy: the first request with the key is still being answered.
	ErrKeyBusy = errors.New("the first request with this idempotency key is still running")
	// ErrKeyInvalid: the key is empty, over 255 bytes, or not text that the
	// database can hold.
	ErrKeyInvalid = errors.New("idempotency key is not valid")
	// ErrClaimLost: the claim took longer than its lock and another request
	// has taken the key over.
	ErrClaimLost = errors.New("idempotency key was taken over by another request")
)

const maxKeyBytes = 255

// KeyedRequest is a write that carries an idempotency key. Keys of different
// callers have nothing to do with each other.
type KeyedRequest struct {
	Caller string
	Key    string
	// Fingerprint is a hash of all that makes the request this request.
	Fingerprint []byte
}

// Answer is what the first request was answered with.
type Answer struct {
	Status  int
	Headers map[string][]string
	Body    []byte
}

// Claim is the right, and the duty, to answer for a key.
type Claim struct {
	caller, key string
	attempt     uuid.UUID
}

// IdempotencyKeys remembers the answers to writes with an idempotency key.
// All times are the database's, so that instances with different clocks agree.
type IdempotencyKeys struct {
	pool *pgxpool.Pool
	// lock is how long a claim is protected: longer than any request takes.
	lock time.Duration
	keep time.Duration
}

// NewIdempotencyKeys keeps keys in the migrated database of pool. A claim that
// is neither finished nor abandoned within lock may be taken over, because its
// process died; answers are kept for keep, which must not be shorter.
func NewIdempotencyKeys(pool *pgxpool.Pool, lock, keep time.Duration) *IdempotencyKeys {
	return &IdempotencyKeys{pool: pool, lock: lock, keep: max(keep, lock)}
}

// Begin claims the request's key, or gives the answer of the first request
// (then the claim is zero). It fails with ErrKeyReused, ErrKeyBusy or
// ErrKeyInvalid. A claim has to be given to Finish or Abandon.
//
// A key is taken over from a process that died without saying how far it came,
// so the write has to be safe to repeat.
func (s *IdempotencyKeys) Begin(ctx context.Context, r KeyedRequest) (Claim, *Answer, error) {
	if !validKey(r.Key) {
		return Claim{}, nil, ErrKeyInvalid
	}
	for {
		claim, err := s.claim(ctx, r)
		if err == nil {
			return claim, nil, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return Claim{}, nil, Failure("claim idempotency key", err)
		}
		answer, err := s.answer(ctx, r)
		// The holder abandoned the key, or it expired, since the claim failed.
		if errors.Is(err, query.ErrNotFound) {
			continue
		}
		return Claim{}, answer, err
	}
}

func validKey(key string) bool {
	return key != "" && len(key) <= maxKeyBytes && utf8.ValidString(key) && !strings.ContainsRune(key, 0)
}

// claim takes a key that is free, expired, or held by an attempt that died.
func (s *IdempotencyKeys) claim(ctx context.Context, r KeyedRequest) (Claim, error) {
	claim := Claim{caller: r.Caller, key: r.Key, attempt: uuid.New()}
	err := s.pool.QueryRow(ctx, `
		INSERT INTO ops.idempotency_keys AS k
			(caller, key, fingerprint, state, attempt, created_at, locked_until, expires_at)
		VALUES ($1, $2, $3, 'running', $4, now(), now() + $5::interval, now() + $6::interval)
		ON CONFLICT (caller, key) DO UPDATE SET
			fingerprint = excluded.fingerprint, state = 'running', attempt = excluded.attempt,
			status = NULL, headers = NULL, body = NULL,
			created_at = excluded.created_at, locked_until = excluded.locked_until, expires_at = excluded.expires_at
		WHERE k.locked_until <= now() AND
			(k.expires_at <= now() OR (k.state = 'running' AND k.fingerprint = excluded.fingerprint))
		RETURNING attempt`,
		r.Caller, r.Key, r.Fingerprint, claim.attempt, s.lock, s.keep).Scan(&claim.attempt)
	return claim, err
}

// answer reads the key another request holds.
func (s *IdempotencyKeys) answer(ctx context.Context, r KeyedRequest) (*Answer, error) {
	var (
		fingerprint []byte
		done        bool
		status      *int
		answer      Answer
	)
	err := s.pool.QueryRow(ctx, `
		SELECT fingerprint, state = 'done', status, headers, body
		FROM ops.idempotency_keys
		WHERE caller = $1 AND key = $2 AND (expires_at > now() OR locked_until > now())`, r.Caller, r.Key).
		Scan(&fingerprint, &done, &status, &answer.Headers, &answer.Body)
	switch {
	case err != nil:
		return nil, Failure("read idempotency key", err)
	case !bytes.Equal(fingerprint, r.Fingerprint):
		return nil, ErrKeyReused
	case !done:
		return nil, ErrKeyBusy
	}
	answer.Status = *status
	return &answer, nil
}

// Finish keeps the answer for repeats of the request. It fails with
// ErrClaimLost when another request has taken the key over meanwhile; the
// answer given is right all the same, the other one's will be kept.
func (s *IdempotencyKeys) Finish(ctx context.Context, c Claim, a Answer) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE ops.idempotency_keys
		SET state = 'done', status = $4, headers = $5, body = $6, locked_until = now()
		WHERE caller = $1 AND key = $2 AND attempt = $3 AND state = 'running'`,
		c.caller, c.key, c.attempt, a.Status, a.Headers, a.Body)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrClaimLost
	}
	return Failure("finish idempotency key", err)
}

// Abandon frees the key of a request that was not carried out, so that a
// repeat is a first request again. A key taken over meanwhile is left alone.
func (s *IdempotencyKeys) Abandon(ctx context.Context, c Claim) error {
	_, err := s.pool.Exec(ctx, `
		DELETE FROM ops.idempotency_keys
		WHERE caller = $1 AND key = $2 AND attempt = $3 AND state = 'running'`, c.caller, c.key, c.attempt)
	return Failure("abandon idempotency key", err)
}

// Unlock lets repeats take over at once what was never answered, instead of when
// its lock runs out. It is for the one process of a database, as it starts:
// whoever claimed a key before is gone.
func (s *IdempotencyKeys) Unlock(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `UPDATE ops.idempotency_keys SET locked_until = now() WHERE state = 'running'`)
	return Failure("unlock idempotency keys", err)
}

// RemoveExpired deletes up to limit keys that nobody can ask for any more, and
// tells how many there were.
func (s *IdempotencyKeys) RemoveExpired(ctx context.Context, limit int) (int64, error) {
	tag, err := s.pool.Exec(ctx, `
		DELETE FROM ops.idempotency_keys WHERE (caller, key) IN (
			SELECT caller, key FROM ops.idempotency_keys
			WHERE expires_at <= now() AND locked_until <= now()
			ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`, limit)
	return tag.RowsAffected(), Failure("remove expired idempotency keys", err)
}
