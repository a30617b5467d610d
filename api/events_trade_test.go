package api_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// trade is a world in which anything may happen: two resellers, two customers that choose
// among them what they may do, and their devices.
type trade struct {
	*stack
	random               *rand.Rand
	resellers, customers []uuid.UUID
	as                   map[uuid.UUID]*caller
	narrow               map[uuid.UUID]string // a customer's profile with devices.read alone
	may                  map[side]rights.Set
	ever                 map[side]bool // there was a partnership
	orders               []uuid.UUID
}

// side is what a reseller may do in a customer's account.
type side struct{ reseller, customer uuid.UUID }

func newTrade(t *testing.T, seed uint64) *trade {
	t.Helper()
	w := &trade{
		stack: newStack(t), random: rand.New(rand.NewPCG(seed, seed)),
		as: map[uuid.UUID]*caller{}, narrow: map[uuid.UUID]string{}, may: map[side]rights.Set{}, ever: map[side]bool{},
	}
	for _, name := range []string{"Northwind", "Contoso"} {
		uid, c := w.reseller(name)
		w.resellers, w.as[uid] = append(w.resellers, uid), c
	}
	for i, name := range []string{"Alder", "Beacon"} {
		uid := w.customerOf(w.as[w.resellers[i]], name)
		w.customers, w.as[uid] = append(w.customers, uid), w.signIn(uid, "")
		s := side{w.resellers[i], uid}
		w.may[s], w.ever[s] = w.profile(rights.ReadOnly), true
		w.narrow[uid] = when(w.as[uid].DefineProfile(t.Context(), uid, nil, client.NewProfile{Name: "Devices", Rights: []string{"devices.read"}})).Then(t).JSON201.Uid.String()
	}
	w.activate(w.resellers...)
	w.activate(w.customers...)
	for n := 1; n <= 5; n++ {
		must(t, firstOf(w.RegisterDevices(t.Context(), nil, request(newDevice(n, w.anybody())))))
	}
	return w
}

// firstOf is the error of an answer that is not looked at.
func firstOf[R any](_ R, err error) error { return err }

func (w *trade) profile(id string) rights.Set {
	p, found := rights.Find(id)
	if !found {
		return rights.Set{rights.DevicesRead}
	}
	return p.Rights
}

func one[T any](random *rand.Rand, all []T) T { return all[random.IntN(len(all))] }

func (w *trade) anybody() uuid.UUID {
	return one(w.random, append(append([]uuid.UUID{}, w.resellers...), w.customers...))
}

func (w *trade) device() string { return mp70(1 + w.random.IntN(5)) }

// deed does something; much of it is refused.
func (w *trade) deed() {
	ctx := w.t.Context()
	switch w.random.IntN(10) {
	case 0, 1, 2:
		from, to := w.anybody(), w.anybody()
		_, _ = w.TransferDevices(ctx, nil, client.TransferRequest{From: &from, To: &to, Devices: &[]string{w.device(), w.device()}, Reason: new("because")})
	case 3, 4:
		devices := []string{w.device()}
		if other := w.device(); other != devices[0] {
			devices = append(devices, other)
		}
		by := one(w.random, append([]uuid.UUID{uuid.Nil}, w.resellers...))
		c := w.caller
		if by != uuid.Nil {
			c = w.as[by]
		}
		if ordered, err := c.RenewDevices(ctx, nil, client.RenewalRequest{Devices: devices, Term: new("P1Y")}); err == nil && ordered.JSON200 != nil && ordered.JSON200.Id != nil {
			w.orders = append(w.orders, *ordered.JSON200.Id)
		}
	case 5:
		if len(w.orders) > 0 {
			_, _ = w.ApplyRenewal(ctx, one(w.random, w.orders), nil, client.RenewalAnswer{Devices: &[]string{w.device()}})
		}
	case 6, 7:
		w.choose(one(w.random, w.customers), one(w.random, w.resellers))
	case 8:
		_, _ = w.RetireDevice(ctx, w.device(), nil, client.Reason{})
		_, _ = w.ReinstateDevice(ctx, w.device(), nil, client.Reinstatement{})
	case 9:
		w.clock.Advance(time.Duration(w.random.IntN(150)) * 24 * time.Hour)
		must(w.t, w.app.Schedule.RunDue(ctx))
	}
}

// choose has a customer change its mind about a reseller.
func (w *trade) choose(customer, reseller uuid.UUID) {
	ctx, c, s := w.t.Context(), w.as[customer], side{reseller, customer}
	profile := one(w.random, []string{rights.ReadOnly, "full", w.narrow[customer]})
	switch {
	case w.may[s] == nil:
		when(c.EstablishPartnership(ctx, customer, nil, client.NewPartner{Partner: reseller, Profile: &profile})).Then(w.t)
		w.ever[s] = true
	case w.random.IntN(2) == 0:
		when(c.EndPartnership(ctx, customer, reseller, nil)).Then(w.t)
		delete(w.may, s)
		return
	default:
		when(c.AssignPartnerProfile(ctx, customer, reseller, nil, client.ProfileAssignment{Profile: &profile})).Then(w.t)
	}
	w.may[s] = w.profile(profile)
}

// settle has everybody see what has been done.
func (w *trade) settle() {
	for _, c := range w.as {
		if c.Position() != "" {
			w.get("/v1/devices?minPosition=" + c.Position())
		}
	}
	w.After(when(w.EditAccount(w.t.Context(), w.customers[0], nil, client.AccountEdit{Name: new("Alder again")})).Then(w.t).Header.Get("X-Position"))
	w.get("/v1/devices?minPosition=" + w.Position())
}
