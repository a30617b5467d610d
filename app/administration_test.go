package app_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain/account"
)

func renaming(id uuid.UUID, uid uuid.UUID, name string) accounts.Edit {
	return accounts.Edit{Command: command.Command{ID: id}, Account: uid, Name: &name}
}

func TestManyWantOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var resellers []uuid.UUID
	for n := range 6 {
		resellers = append(resellers, w.reseller(fmt.Sprintf("Reseller %d", n)))
	}
	errs := make([]error, len(resellers))
	var g errgroup.Group
	for i, uid := range resellers {
		g.Go(func() error {
			_, errs[i] = w.Accounts.Edit(w.ctx, administratorOf(uid), renaming(uuid.New(), uid, "The One"))
			return nil
		})
	}
	require.NoError(t, g.Wait())
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			refused(t, err, account.CodeNameTaken)
		}
	}
	require.Equal(t, 1, won)
	w.later()
	w.invariants()
	_, err := w.Accounts.Create(w.ctx, operator(), accountNamed("the ONE", account.Standard))
	refused(t, err, account.CodeNameTaken)
}
