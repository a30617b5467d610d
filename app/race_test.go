package app_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// together runs n functions at once and waits for all.
func together(n int, do func(i int)) {
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
	together(50, func(i int) {
		r, err := w.RegisterDevices(w.ctx, operatorFor(reseller), app.RegisterDevices{Command: command(), Items: routers(i, 1)})
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
	together(len(names), func(i int) {
		c := accountNamed(names[i], account.Standard)
		c.Administrator.Email = fmt.Sprintf("admin%d@delta.example", i)
		_, errs[i] = w.CreateAccount(w.ctx, operator(), c)
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
	_, err := w.CreateAccount(w.ctx, operator(), first)
	require.NoError(t, err)
	again := first
	again.ID = uuid.New()
	again.Name, again.Administrator.Email = "delta RAIL", strings.ToUpper(first.Administrator.Email)
	_, err = w.CreateAccount(w.ctx, operator(), again)
	refused(t, err, "name_taken", "email_taken")

	again.ID = uuid.New()
	again.Name = "Another Name"
	_, err = w.CreateAccount(w.ctx, operator(), again)
	refused(t, err, "email_taken")
	other := accountNamed("another name", account.Standard)
	_, err = w.CreateAccount(w.ctx, operator(), other)
	require.NoError(t, err, "a refusal keeps no name")
}

// Commands race for a few devices, names and places while the processes take
// all that is under way for dead: what they release nobody may come to rely on.
func TestChaosKeepsInvariants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customers := []uuid.UUID{w.customer(reseller, "Delta Rail"), w.customer(reseller, "Alder Ambulance")}
	w.registered(reseller, routers(1000, 15)...)
	all := slices.Concat(customers, []uuid.UUID{reseller})

	done := make(chan struct{})
	var follower sync.WaitGroup
	follower.Go(func() {
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			w.clock.advance(time.Minute)
			err := w.Processes().HandleBatch(w.ctx, app.Batch{Events: w.everything()})
			var early *app.TooEarly
			if err != nil && !errors.As(err, &early) && !errors.Is(err, app.ErrConflict) {
				t.Error(err)
			}
		}
	})
	together(8, func(worker int) {
		r := rand.New(rand.NewPCG(1, uint64(worker)))
		for range 25 {
			if err := w.something(r, all); err != nil {
				t.Error(err)
			}
		}
	})
	close(done)
	follower.Wait()
	w.later()
	w.invariants()
}

// something is a random command. Refusals are fine.
func (w *world) something(r *rand.Rand, accounts []uuid.UUID) error {
	n := r.IntN(12)
	from, to := accounts[r.IntN(len(accounts))], accounts[r.IntN(len(accounts))]
	serial, name := router(n).SerialNumber, fmt.Sprintf("name %d", r.IntN(4))
	var err error
	switch r.IntN(12) {
	case 0, 1, 2:
		row := router(n)
		row.Name, row.IMEI = name, imei(r.IntN(12))
		_, err = w.RegisterDevices(w.ctx, operatorFor(from), app.RegisterDevices{
			Command: command(), Items: []app.Registration{row, router(r.IntN(12))}, Atomic: r.IntN(3) == 0,
		})
	case 3, 4, 5, 6:
		_, err = w.TransferDevices(w.ctx, operator(), app.TransferDevices{
			Command: command(), From: from, To: to, Devices: []string{serial, router(r.IntN(12)).SerialNumber}, Atomic: r.IntN(3) == 0,
		})
	case 7, 8:
		_, err = w.EditDevice(w.ctx, operator(), app.EditDevice{Command: command(), Device: serial, Name: &name})
	case 9, 10:
		if moved := w.device(serial).Moved; moved != nil {
			_, err = w.ReverseTransfer(w.ctx, operator(), app.ReverseTransfer{
				Command: because(), Transfer: moved.Transfer, Atomic: r.IntN(3) == 0,
			})
		}
	default:
		if r.IntN(4) == 0 {
			_, err = w.RetireDevice(w.ctx, operator(), app.DeviceCommand{Command: command(), Device: serial})
		}
	}
	var refusal *domain.Refusal
	if errors.As(err, &refusal) || errors.Is(err, app.ErrNotFound) || errors.Is(err, app.ErrBusy) {
		return nil
	}
	return err
}
