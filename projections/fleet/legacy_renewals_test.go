package fleet_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
)

// Renewals from before there were orders list as applied, with their numbers, and
// as reversed once all of their devices are.
func TestRenewalsFromBeforeOrders(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	customer := h.account("Fabrikam", account.Standard, uuid.Nil)
	renewal := uuid.New()
	for _, serial := range []string{"ONE", "TWO"} {
		h.device(serial, customer, day0+10)
		h.add(device.Aggregate.Stream(device.UID(serial)), device.ServiceRenewed{
			Device: device.UID(serial), Renewal: renewal, Term: "P1Y", OldEnd: day0 + 10, NewEnd: day0 + 375, AnchorDay: 11, OrderNumber: "PO-1",
		})
	}
	list := func() query.RenewalRow {
		t.Helper()
		m.whenProjected(t, h)
		page := then(t, m.reader.Renewals, query.RenewalQuery{Accounts: []uuid.UUID{customer}, OrderNumbers: []string{"po-1"}})
		require.Len(t, page.Items, 1)
		return page.Items[0]
	}
	reverse := func(serial string) {
		h.add(device.Aggregate.Stream(device.UID(serial)), device.RenewalReversed{Device: device.UID(serial), Reversal: uuid.New(), Renewal: renewal})
	}
	found := list()
	require.Equal(t, []any{renewal, order.Applied, "PO-1", "P1Y", 2}, []any{found.UID, found.Status, found.OrderNumber, found.Term, found.Counts[order.Applied]})
	reverse("ONE")
	require.Equal(t, order.Applied, list().Status)
	reverse("TWO")
	require.Equal(t, order.Reversed, list().Status)
	none := then(t, m.reader.Renewals, query.RenewalQuery{Accounts: []uuid.UUID{uuid.New()}})
	require.Zero(t, none.Total)
}
