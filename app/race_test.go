package app_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/domain/account"
)

// concurrently runs n functions at once and waits for all.
func concurrently(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

func TestPlacesHoldAgainstFiftyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	results := make([]string, 50)
	concurrently(50, func(i int) {
		r, err := w.Devices.Register(w.ctx, operatorFor(reseller), devices.Register{Command: newCommand(), Items: routers(i, 1)})
		if err != nil {
			results[i] = err.Error()
			return
		}
		results[i] = outcomes(r)[0]
	})
	count := map[string]int{}
	for _, r := range results {
		count[r]++
	}
	require.Equal(t, map[string]int{"created": 20, "refused device_limit_reached": 30}, count)
	w.later()
	w.invariants()
}

func TestOneNameOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"Delta Rail", "DELTA RAIL", " delta  rail ", "Ｄｅｌｔａ Rail", "delta rail"}
	errs := make([]error, len(names))
	concurrently(len(names), func(i int) {
		c := accountNamed(names[i], account.Standard)
		c.Administrator.Email = fmt.Sprintf("admin%d@delta.example", i)
		_, errs[i] = w.Accounts.Create(w.ctx, operator(), c)
	})
	created := 0
	for _, err := range errs {
		if err == nil {
			created++
			continue
		}
		refused(t, err, "name_taken")
	}
	require.Equal(t, 1, created)
	w.later()
	w.invariants()
}

func TestAccountNamesAllThatIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := accountNamed("Delta Rail", account.Standard)
	_, err := w.Accounts.Create(w.ctx, operator(), first)
	require.NoError(t, err)
	again := first
	again.ID = uuid.New()
	again.Name, again.Administrator.Email = "delta RAIL", strings.ToUpper(first.Administrator.Email)
	_, err = w.Accounts.Create(w.ctx, operator(), again)
	refused(t, err, "name_taken", "email_taken")

	again.ID = uuid.New()
	again.Name = "Another Name"
	_, err = w.Accounts.Create(w.ctx, operator(), again)
	refused(t, err, "email_taken")
	other := accountNamed("another name", account.Standard)
	_, err = w.Accounts.Create(w.ctx, operator(), other)
	require.NoError(t, err, "a refusal keeps no name")
}
