package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/text"
)

// IncludedUntil is the last day of the included year, which runs from the first
// registration anywhere; none for a device that was never registered.
func (s State) IncludedUntil() calendar.Date { return s.Included.Until }

// ParkedUntil is the last day of what waits while a reseller holds the device;
// none when nothing waits.
func (s State) ParkedUntil() calendar.Date {
	if s.Parked == nil {
		return 0
	}
	return s.Parked.Until
}

// OrderNumber is that of the latest renewal order that counts and has one, else
// the one that the device was registered with.
func (s State) OrderNumber() string {
	for _, o := range slices.Backward(s.Orders) {
		if o.Number != "" {
			return o.Number
		}
	}
	return s.RegistrationOrder
}

// OrderNumberKey is the form under which two order numbers are the same.
func OrderNumberKey(number string) string { return text.Key(number) }

// OrderNumberUsed reports whether the device was renewed under an order number.
// An order that was taken back does not count, nor does the number that the
// device was registered with.
func (s State) OrderNumberUsed(number string) bool {
	key := OrderNumberKey(number)
	return key != "" && slices.ContainsFunc(s.Orders, func(o Order) bool { return OrderNumberKey(o.Number) == key })
}

// AutoRenews reports whether the service renews by itself: that of a device in
// a reseller's account, unless it is retired.
func (s State) AutoRenews() bool { return s.resellers() && s.LifeCycle != OutOfService }

// WasRenewedBy reports whether a renewal order was applied to the device,
// reversed or not.
func (s State) WasRenewedBy(renewal uuid.UUID) bool {
	return slices.Contains(s.Reversed, renewal) ||
		slices.ContainsFunc(s.Orders, func(o Order) bool { return o.ID == renewal && !o.Grant })
}

// TakenOverBy reports whether the account may register the device for itself.
func (s State) TakenOverBy(owner uuid.UUID) bool {
	return s.Released.To == owner && owner != uuid.Nil && s.Account != owner
}
