package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/user"
)

// spareTime is how long no command takes: a hash that old belongs to one that
// has decided.
const spareTime = 24 * time.Hour

// ForgetCredentials drops hashes of passwords that were left by commands that
// died: of users who have several, those that the user's stream does not name.
// Nobody can sign in with them. What somebody left who never got further, has
// no other beside it and stays until the invitation is accepted.
func (a *App) ForgetCredentials(ctx context.Context) error {
	var after uuid.UUID
	for {
		page, err := a.people.Store.SpareCredentials(ctx, a.clock.Now().Add(-spareTime), after, duePage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			after = c.ID
			s, err := a.user(ctx, c.User)
			if err != nil {
				return err
			}
			if s.Status == "" || s.Status == user.Pending || s.Credential == c.ID {
				continue // not decided yet, or in force
			}
			if err := a.people.Store.DropCredential(ctx, c.ID); err != nil {
				return err
			}
		}
	}
}
