package notice

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// RoundAggregate is the round.
var RoundAggregate = aggregate.Aggregate[Round]{Category: "noticeround", Evolve: EvolveRound}

// RoundUID names the round of a reseller for a month.
func RoundUID(reseller uuid.UUID, on calendar.Date) uuid.UUID {
	return uuid.NewSHA1(space, append(reseller[:], Month(on)...))
}

// Round is a round folded from its events.
type Round struct {
	UID, Reseller uuid.UUID
	On            calendar.Date
	People        []Named
	Erased        []uuid.UUID
	Closed        bool
}

// Named is a recipient of a round. Customer is the one account whose notice it is;
// uuid.Nil: all.
type Named struct {
	Person   account.Person
	Role     Role
	Customer uuid.UUID
	Digest   bool
}

// Exists reports whether the round was begun.
func (r Round) Exists() bool { return r.UID != uuid.Nil }

// Person finds a recipient; the zero Named when there is none.
func (r Round) Person(id uuid.UUID) Named {
	for _, n := range r.People {
		if n.Person.ID == id {
			return n
		}
	}
	return Named{}
}

// HasAdministrator reports whether the reseller had an administrator.
func (r Round) HasAdministrator() bool {
	return slices.ContainsFunc(r.People, func(n Named) bool { return n.Role == Administrator })
}

// Recipients are those of the notice on a customer.
func (r Round) Recipients(customer uuid.UUID) []Recipient {
	var all []Recipient
	for _, n := range r.People {
		if n.Customer != uuid.Nil && n.Customer != customer {
			continue
		}
		brings := UID(r.Reseller, customer, r.On)
		if n.Digest {
			brings = r.UID
		}
		all = append(all, Recipient{Person: n.Person.ID, Role: n.Role, Mail: MailOf(brings, n.Person.ID), Digest: n.Digest})
	}
	return all
}

// EvolveRound folds one event into the round.
func EvolveRound(r Round, e domain.Event) Round {
	switch e := e.(type) {
	case NoticeRoundBegun:
		r.UID, r.Reseller, r.On = e.Round, e.Reseller, e.On
	case NoticeRecipientNamed:
		r.People = append(slices.Clone(r.People), Named{Person: e.Person, Role: e.Role, Customer: e.Customer, Digest: e.Digest})
	case NoticeRecipientErased:
		r.Erased = append(slices.Clone(r.Erased), e.Person)
		r.People = slices.Clone(r.People)
		for i := range r.People {
			if r.People[i].Person.ID == e.Person {
				r.People[i].Person = r.People[i].Person.Erase()
			}
		}
	case NoticeRoundClosed:
		r.Closed = true
	}
	return r
}
