package reservation

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// Kind is what is reserved.
type Kind string

// The kinds of reservations and who holds them.
const (
	AccountName Kind = "name"       // platform-wide, held by an account
	Email       Kind = "email"      // platform-wide, held by an account or a user
	Factor      Kind = "factor"     // platform-wide, held by a device
	DeviceName  Kind = "devicename" // within an account, held by a device
	Places      Kind = "places"     // one stream per reseller account, held by its devices

	OrderNumber Kind = "ordernumber" // of a device, held by a renewal order
)

// Key names one reservation: what, and how many holders it has room for.
type Key struct {
	Kind     Kind
	Stream   string
	Capacity int
}

// Limits are how many holders a reservation has room for, and how it is called, where
// that is configured.
type Limits struct {
	Places int   // devices in a reseller's account
	Names  Names // of streams of personal values
}

// Held is a reservation that a state of an aggregate has a right to.
type Held struct {
	Key     Key
	Account uuid.UUID      // it is for, where there is one
	Taken   domain.Problem // what is told when others hold all of it
	// Besides is the stream of the same value under its other name, which tells when
	// both are taken; empty: there is none.
	Besides string
}

// Unique is the reservation of a normalised value. The stream name carries a
// hash, so that no personal data stands in it.
func Unique(kind Kind, value string) Key {
	sum := sha256.Sum256([]byte(value))
	return Key{Kind: kind, Stream: stream(kind, hex.EncodeToString(sum[:16])), Capacity: 1}
}

// NameIn is the reservation of a device name within an account.
func NameIn(account uuid.UUID, name string) Key {
	return Unique(DeviceName, account.String()+"/"+name)
}

// OrderNumberOf is the reservation of an order number for a device.
func OrderNumberOf(device uuid.UUID, number string) Key {
	return Unique(OrderNumber, device.String()+"/"+number)
}

// PlacesOf is the reservation of the places of a reseller account.
func PlacesOf(account uuid.UUID, capacity int) Key {
	return Key{Kind: Places, Stream: stream(Places, account.String()), Capacity: capacity}
}

func stream(kind Kind, id string) string { return "reservation-" + string(kind) + "-" + id }
