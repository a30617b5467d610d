// Package passwords hashes passwords with argon2id, a few at a time: each hash
// takes memory and a processor for a while, and whoever sends many requests must
// not get all of both.
package passwords

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/alexedwards/argon2id"

	"github.com/fleetledger/fleetledger/app/ports"
)

// params are the first choice of the OWASP cheat sheet with less than 20 MiB of
// memory. A hash names its own parameters, so these can be raised at any time.
var params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// cheap are those of a Hasher that is Cheap.
var cheap = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// maxConcurrent is how many passwords are hashed at the same time.
const maxConcurrent = 4

// Hasher is app's Passwords.
type Hasher struct {
	// Cheap makes hashes that cost next to nothing, for passwords that nobody can
	// guess however often they try: long random ones, such as the demo's.
	Cheap atomic.Bool

	slots chan struct{}
	dummy string
}

var _ ports.Passwords = (*Hasher)(nil)

// New makes a Hasher. It fails without a source of randomness.
func New() (*Hasher, error) {
	dummy, err := argon2id.CreateHash("nobody's password", params)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	return &Hasher{slots: make(chan struct{}, maxConcurrent), dummy: dummy}, nil
}

// Hash gives the hash of a password, with a salt of its own.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	cost := params
	if h.Cheap.Load() {
		cost = cheap
	}
	hash, err := argon2id.CreateHash(password, cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Matches reports whether the password is that of the hash; for an empty hash
// it does the same work and says no.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	against := hash
	if hash == "" {
		against = h.dummy
	}
	fits, err := argon2id.ComparePasswordAndHash(password, against)
	if err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return fits && hash != "", nil
}

// acquire waits for a slot.
func (h *Hasher) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) release() { <-h.slots }
