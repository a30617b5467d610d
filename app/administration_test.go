package app_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
)

func renaming(id uuid.UUID, uid uuid.UUID, name string) app.EditAccount {
	return app.EditAccount{Command: app.Command{ID: id}, Account: uid, Name: &name}
}

func TestManyWantOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var accounts []uuid.UUID
	for n := range 6 {
		accounts = append(accounts, w.reseller(fmt.Sprintf("Reseller %d", n)))
	}
	errs := make([]error, len(accounts))
	var g errgroup.Group
	for i, uid := range accounts {
		g.Go(func() error {
			_, errs[i] = w.EditAccount(w.ctx, administratorOf(uid), renaming(uuid.New(), uid, "The One"))
			return nil
		})
	}
	require.NoError(t, g.Wait())
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			refused(t, err, app.CodeAccountNameTaken)
		}
	}
	require.Equal(t, 1, won)
	w.later()
	w.invariants()
	_, err := w.CreateAccount(w.ctx, operator(), accountNamed("the ONE", account.Standard))
	refused(t, err, app.CodeAccountNameTaken)
}
