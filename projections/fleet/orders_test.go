package fleet

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/order"
)

// The list of renewals knows every status of an order, in the order in which the
// order itself weighs them.
func TestRenewalStatuses(t *testing.T) {
	t.Parallel()
	for i, want := range statuses {
		var s order.State
		for _, status := range statuses[i:] {
			s.Devices = append(s.Devices, order.Device{Line: order.Line{Device: uuid.New()}, Status: status})
		}
		require.Equal(t, want, s.Status())
	}
	_, err := renewalList(query.RenewalQuery{Page: query.Page{Sort: []string{"note"}}})
	require.Error(t, err)
}
