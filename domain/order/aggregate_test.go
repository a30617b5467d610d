package order_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Renewal 4: a number counts once per device, while ordered or once applied.
func TestOrderNumbers(t *testing.T) {
	t.Parallel()
	held := func(s order.State) []reservation.Key {
		var keys []reservation.Key
		for _, h := range order.Aggregate.Reservations(s, reservation.Limits{}) {
			if h.Taken.Code != order.CodeNumberUsed || h.Taken.Kind != domain.Conflict || h.Account != customer {
				t.Errorf("%+v", h)
			}
			keys = append(keys, h.Key)
		}
		return keys
	}
	key := func(l order.Line) reservation.Key { return reservation.OrderNumberOf(l.Device, "po-1") }
	all := []reservation.Key{key(one), key(two), key(three)}
	s := given(t, ordered)
	for title, c := range map[string]struct {
		events []domain.Event
		want   []reservation.Key
	}{
		"ordered":   {nil, all},
		"approved":  {[]domain.Event{order.RenewalOrderApproved{Devices: devices(one), On: today}}, all},
		"applied":   {[]domain.Event{order.RenewalOrderApplied{Devices: results(one)}}, all},
		"declined":  {[]domain.Event{order.RenewalOrderDeclined{Devices: devices(one)}}, all[1:]},
		"withdrawn": {[]domain.Event{order.RenewalOrderWithdrawn{Devices: devices(one, two, three)}}, nil},
		"reversed":  {[]domain.Event{order.RenewalOrderApplied{Devices: results(one)}, order.RenewalOrderReversed{Devices: devices(one)}}, all[1:]},
	} {
		if diff := cmp.Diff(c.want, held(order.Aggregate.Fold(s.State, c.events...))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", title, diff)
		}
	}
	if diff := cmp.Diff(all, held(order.Aggregate.Fold(order.State{}, func() domain.Event { e := ordered; e.OrderNumber = " po-1"; return e }()))); diff != "" {
		t.Errorf("in another spelling: %s", diff)
	}
	unnumbered := ordered
	unnumbered.OrderNumber = ""
	if got := held(given(t, unnumbered).State); got != nil {
		t.Errorf("without a number: %v", got)
	}

	// Those of before are told by the devices; what others hold is told with them.
	refused := given(t).When(ordering(func(o *order.Order) { o.Used = devices(two) }))
	refused.ThenRefused(order.CodeNumberUsed)
	if p := refused.Problems()[0]; p.Facts["device"] != two.Device.String() || !strings.Contains(p.Detail, two.SerialNumber) {
		t.Errorf("%+v", p)
	}
	if wanted := order.Aggregate.Wanted(order.State{}, refused.After().State, reservation.Limits{}); len(wanted) != 3 {
		t.Errorf("wanted beside a refusal: %v", wanted)
	}
	if _, ok := order.Aggregate.Fence(order.State{}, uid, true, "x").(order.RenewalOrderAbandoned); !ok {
		t.Error("an order that died half way is not fenced off")
	}
	if _, ok := order.Aggregate.Fence(s.State, uid, false, "x").(order.RenewalOrderClaimAbandoned); !ok {
		t.Error("a claim of an order is not fenced off")
	}
}
