package notice

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Begin is a round to begin. Its people come in the order in which they count: of
// two with one address the first gets the mail, who of several roles has the first.
type Begin struct {
	Round, Reseller uuid.UUID
	On              calendar.Date
	People          []Named
}

// DecideBegin decides to begin a round. One that was begun is unchanged.
func DecideBegin(r Round, c Begin) ([]domain.Event, error) {
	if r.Exists() {
		return nil, nil
	}
	events := []domain.Event{NoticeRoundBegun{Round: c.Round, Reseller: c.Reseller, On: c.On}}
	known := map[string]bool{}
	for _, n := range c.People {
		address := strings.ToLower(n.Person.Email)
		if n.Person.Email == "" || n.Person.IsGone() || known[address] || known[address+n.Customer.String()] {
			continue
		}
		if n.Customer == uuid.Nil {
			known[address] = true
		}
		known[address+n.Customer.String()] = true
		events = append(events, NoticeRecipientNamed{Round: c.Round, Person: n.Person, Role: n.Role, Customer: n.Customer, Digest: n.Digest})
	}
	return events, nil
}

// DecideClose decides to close a round. A closed one is unchanged.
func DecideClose(r Round, nothingDue []uuid.UUID) ([]domain.Event, error) {
	if !r.Exists() || r.Closed {
		return nil, nil
	}
	return []domain.Event{NoticeRoundClosed{Round: r.UID, NothingDue: nothingDue}}, nil
}

// DecideErase decides to forget a recipient. An erased one is unchanged.
func DecideErase(r Round, person uuid.UUID) ([]domain.Event, error) {
	if r.Person(person).Person.ID == uuid.Nil || slices.Contains(r.Erased, person) {
		return nil, nil
	}
	return []domain.Event{NoticeRecipientErased{Round: r.UID, Person: person}}, nil
}
