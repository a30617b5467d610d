package postgres

import (
	"bytes"
	"context"
	"errors"
	"net/http"
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
	// ErrAnswerErased: the request was answered, and the answer told of a person who
	// was erased since.
	ErrAnswerErased = errors.New("the answer to the first request with this idempotency key was erased")
)

// erasedStatus marks an answer that was erased. It has no body, as no other of that
// status.
const erasedStatus = http.StatusGone

// EraseAnswer is the statement that erases the answer for a caller ($1) and a key
// ($2). A program of a version before gives an answer without a body then.
const EraseAnswer = `UPDATE ops.idempotency_keys SET status = 410, headers = '{}', body = NULL
	WHERE caller = $1 AND key = $2 AND state = 'done'`

const maxKeyBytes = 255

// KeyedRequest is a write that carries an idempotency key. Keys of different
// callers have nothing to do with each other.
type KeyedRequest struct {
	Caller string
	Key    string
	// Account is whose keys are limited together; uuid.Nil: this one is not.
	Account uuid.UUID
	// Fingerprint is a hash of all that makes the request this request.
	Fingerprint []byte
}

// KeyBusy is ErrKeyBusy with how long the lock of the first request lasts. It is
// renewed while that one is at work.
type KeyBusy struct{ Lock time.Duration }

func (e *KeyBusy) Error() string { return ErrKeyBusy.Error() }

// Is makes it ErrKeyBusy.
func (e *KeyBusy) Is(target error) bool { return target == ErrKeyBusy }

// Answer is what the first request was answered with.
type Answer struct {
	Status  int
	Headers map[string][]string
	Body    []byte
	// Rights are those that the caller had, as JSON; nil: not noted.
	Rights []byte
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
	// lock is how long a claim is protected unless it is renewed.
	lock   time.Duration
	keep   time.Duration
	counts keyCounts
}

// NewIdempotencyKeys keeps keys in the migrated database of pool. A claim that
// was neither finished nor abandoned nor renewed (Hold) for the time of lock may be
// taken over, because its process died; answers are kept for keep, which must not
// be shorter. An account has so many at most (see keyCounts); 0: any number.
func NewIdempotencyKeys(pool *pgxpool.Pool, lock, keep time.Duration, most int) *IdempotencyKeys {
	return &IdempotencyKeys{
		pool: pool, lock: lock, keep: max(keep, lock),
		counts: keyCounts{pool: pool, most: most, accounts: map[uuid.UUID]*keyCount{}},
	}
}

// Begin claims the request's key, or gives the answer of the first request
// (then the claim is zero). It fails with ErrKeyReused, *KeyBusy, ErrAnswerErased,
// ErrKeyInvalid, or *KeysFull for a key that is not known. A claim has to be given to
// Finish or Abandon.
//
// A key is taken over from a process that died without saying how far it came,
// so the write has to be safe to repeat.
func (s *IdempotencyKeys) Begin(ctx context.Context, r KeyedRequest) (Claim, *Answer, error) {
	if !validKey(r.Key) {
		return Claim{}, nil, ErrKeyInvalid
	}
	full, err := s.counts.take(ctx, r.Account, time.Now())
	if err != nil {
		return Claim{}, nil, err
	}
	for {
		claim, err := s.claim(ctx, r, full > 0)
		if err == nil {
			return claim, nil, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return Claim{}, nil, Failure("claim idempotency key", err)
		}
		answer, err := s.answer(ctx, r)
		if errors.Is(err, query.ErrNotFound) {
			if full > 0 {
				return Claim{}, nil, &KeysFull{Most: s.counts.most, Wait: full}
			}
			// The holder abandoned the key, or it expired, since the claim failed.
			continue
		}
		return Claim{}, answer, err
	}
}

func validKey(key string) bool {
	return key != "" && len(key) <= maxKeyBytes && utf8.ValidString(key) && !strings.ContainsRune(key, 0)
}

// claim takes a key that is free, expired, or held by an attempt that died; where the
// account is full only the last.
func (s *IdempotencyKeys) claim(ctx context.Context, r KeyedRequest, full bool) (Claim, error) {
	claim := Claim{caller: r.Caller, key: r.Key, attempt: uuid.New()}
	var account *uuid.UUID
	if r.Account != uuid.Nil {
		account = &r.Account
	}
	err := s.pool.QueryRow(ctx, `
		INSERT INTO ops.idempotency_keys AS k
			(caller, key, fingerprint, state, attempt, created_at, locked_until, expires_at, account)
		SELECT $1::text, $2::text, $3::bytea, 'running', $4::uuid, now(), now() + $5::interval, now() + $6::interval, $7::uuid
		WHERE NOT $8::boolean OR EXISTS (SELECT FROM ops.idempotency_keys WHERE caller = $1 AND key = $2 AND expires_at > now())
		ON CONFLICT (caller, key) DO UPDATE SET
			account = excluded.account, fingerprint = excluded.fingerprint, state = 'running', attempt = excluded.attempt,
			status = NULL, headers = NULL, body = NULL, rights = NULL,
			created_at = excluded.created_at, locked_until = excluded.locked_until, expires_at = excluded.expires_at
		WHERE k.locked_until <= now() AND
			(k.expires_at <= now() OR (k.state = 'running' AND k.fingerprint = excluded.fingerprint))
		RETURNING attempt`,
		r.Caller, r.Key, r.Fingerprint, claim.attempt, s.lock, s.keep, account, full).Scan(&claim.attempt)
	return claim, err
}

// answer reads the key another request holds.
func (s *IdempotencyKeys) answer(ctx context.Context, r KeyedRequest) (*Answer, error) {
	var (
		fingerprint []byte
		done        bool
		locked      float64 // seconds
		status      *int
		answer      Answer
	)
	err := s.pool.QueryRow(ctx, `
		SELECT fingerprint, state = 'done', extract(epoch FROM locked_until - now()), status, headers, body, rights
		FROM ops.idempotency_keys
		WHERE caller = $1 AND key = $2 AND (expires_at > now() OR locked_until > now())`, r.Caller, r.Key).
		Scan(&fingerprint, &done, &locked, &status, &answer.Headers, &answer.Body, &answer.Rights)
	switch {
	case err != nil:
		return nil, Failure("read idempotency key", err)
	case !bytes.Equal(fingerprint, r.Fingerprint):
		return nil, ErrKeyReused
	case !done:
		return nil, &KeyBusy{Lock: time.Duration(locked * float64(time.Second))}
	}
	if *status == erasedStatus && len(answer.Body) == 0 {
		return nil, ErrAnswerErased
	}
	answer.Status = *status
	return &answer, nil
}

// Hold renews the lock of a claim until it is told to stop. A claim that was lost,
// since the process or the database stood still for too long, is left alone: Finish
// tells so.
func (s *IdempotencyKeys) Hold(ctx context.Context, c Claim) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	every := s.lock / 3
	if every <= 0 { // of tests: there is no lock
		return cancel
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if lost := s.renew(ctx, c); lost {
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// renew tells whether the claim was lost. A database that does not answer may do
// so the next time.
func (s *IdempotencyKeys) renew(ctx context.Context, c Claim) (lost bool) {
	ctx, cancel := context.WithTimeout(ctx, s.lock)
	defer cancel()
	tag, err := s.pool.Exec(ctx, `
		UPDATE ops.idempotency_keys SET locked_until = now() + $4::interval
		WHERE caller = $1 AND key = $2 AND attempt = $3 AND state = 'running'`,
		c.caller, c.key, c.attempt, s.lock)
	return err == nil && tag.RowsAffected() == 0
}

// Finish keeps the answer for repeats of the request. It fails with
// ErrClaimLost when another request has taken the key over meanwhile: then the
// answer is the other one's to give.
func (s *IdempotencyKeys) Finish(ctx context.Context, c Claim, a Answer) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE ops.idempotency_keys
		SET state = 'done', status = $4, headers = $5, body = $6, rights = $7, locked_until = now()
		WHERE caller = $1 AND key = $2 AND attempt = $3 AND state = 'running'`,
		c.caller, c.key, c.attempt, a.Status, a.Headers, a.Body, a.Rights)
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
