package ports

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ExternalSecrets keeps the secrets of external accounts, sealed and outside the
// log. A store that does not answer is query.ErrUnavailable.
//
// A secret is kept first, under an id of its own; then an event names it, and
// then it is settled. One that an event replaces is dropped: by the command, or
// by package reactions when that died. Those of a closed account are, too. One that
// was kept by a command that died before the event is found by its age.
type ExternalSecrets interface {
	// Put keeps a secret; one that is there already stays.
	Put(ctx context.Context, id, account uuid.UUID, secret string) error
	// Settle notes that the log names a secret.
	Settle(ctx context.Context, id uuid.UUID) error
	// Drop forgets a secret for good.
	Drop(ctx context.Context, id uuid.UUID) error
	// Unsettled are some of those that were kept at least so long ago.
	Unsettled(ctx context.Context, age time.Duration) ([]UnsettledSecret, error)
}

// UnsettledSecret is a secret that perhaps no event names.
type UnsettledSecret struct {
	ID, Account uuid.UUID
}
