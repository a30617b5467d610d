package notice

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// ChoiceAggregate is how a user wants the notices.
var ChoiceAggregate = aggregate.Aggregate[Choice]{Category: "noticechoice", Evolve: EvolveChoice}

// Delivery is how somebody wants the notices.
type Delivery string

// The deliveries.
const (
	Each   Delivery = "each"   // a mail for each customer
	Digest Delivery = "digest" // one mail for all customers
	None   Delivery = "none"   // only for who may do without
)

// Choice is a user's choice; without a Delivery none was made.
type Choice struct {
	User, Account uuid.UUID
	Delivery      Delivery
}

// Or is the delivery chosen, else what administrators of a kind of account get: each
// of a reseller's, none of others.
func (c Choice) Or(kind account.Type) Delivery {
	switch {
	case c.Delivery != "" && (c.Delivery != None || kind != account.Reseller):
		return c.Delivery
	case kind == account.Reseller:
		return Each
	}
	return None
}

// EvolveChoice folds one event into the choice.
func EvolveChoice(c Choice, e domain.Event) Choice {
	if e, ok := e.(NoticeDeliveryChosen); ok {
		return Choice(e)
	}
	return c
}

// DecideChoose decides on how an administrator of an account of a kind gets the
// notices. The choice of before is unchanged.
func DecideChoose(c Choice, user, owner uuid.UUID, kind account.Type, d Delivery) ([]domain.Event, error) {
	switch {
	case d == None && kind == account.Reseller:
		return nil, domain.Refuse(required())
	case c.Or(kind) == d && c.Delivery != "", c.Delivery == "" && d == c.Or(kind):
		return nil, nil
	}
	return []domain.Event{NoticeDeliveryChosen{User: user, Account: owner, Delivery: d}}, nil
}
