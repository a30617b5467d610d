package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/user"
)

const (
	// longestCommand is longer than any command takes: the command that a hash
	// this old was kept for has decided.
	longestCommand = 24 * time.Hour
	// credentialsAtOnce is how many hashes are looked at with one query.
	credentialsAtOnce = 1000
)

// ForgetCredentials drops hashes of passwords that were left by commands that
// died: of users who have several, those that the user's stream does not name.
// Nobody can sign in with them. What was left by somebody who never got further
// has no other beside it and stays until the invitation is accepted.
func (s *Service) ForgetCredentials(ctx context.Context) error {
	var after uuid.UUID
	for {
		page, err := s.options.Store.SpareCredentials(ctx, s.now().Add(-longestCommand), after, credentialsAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			after = c.ID
			found, err := s.user(ctx, c.User)
			if err != nil {
				return err
			}
			u := found.State
			if u.Status == "" || u.Status == user.Pending || u.Credential == c.ID {
				continue // not decided yet, or in force
			}
			if err := s.options.Store.DropCredential(ctx, c.ID); err != nil {
				return err
			}
		}
	}
}
