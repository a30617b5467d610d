package order

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/text"
)

// NumberKey is the form under which two order numbers are the same.
func NumberKey(number string) string { return text.Key(number) }

func numberOf(device uuid.UUID, number string) reservation.Key {
	return reservation.OrderNumberOf(device, NumberKey(number))
}
