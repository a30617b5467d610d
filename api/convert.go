package api

import (
	"cmp"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func person(p account.Person) openapi.Person {
	return openapi.Person{Id: p.ID, Email: p.Email, Name: p.Name}
}

func offer(o catalogue.Offer) openapi.Offer { return openapi.Offer(o) }

// profileRef names a profile. A removed one, which no longer grants anything, is
// called removed.
func profileRef(p rights.Profile) openapi.ProfileRef {
	const removed = "removed"
	return openapi.ProfileRef{Id: p.ID, Name: cmp.Or(p.Name, removed), Removed: present(!p.Exists())}
}

func itemProblem(p domain.Problem) openapi.ItemProblem {
	return openapi.ItemProblem{Code: p.Code, Detail: p.Detail, Facts: facts(p.Facts), Remedies: remedies(p.Remedies)}
}

func facts(from map[string]string) *map[string]string {
	if len(from) == 0 {
		return nil
	}
	return &from
}

func remedies(from []domain.Remedy) []openapi.Remedy {
	return list(from, func(r domain.Remedy) openapi.Remedy { return openapi.Remedy{Code: r.Code, Detail: r.Detail} })
}

func (s *Server) today() calendar.Date { return calendar.DateOf(s.Clock.Now()) }

// dayOf is the day that an answer is about.
func (s *Server) dayOf(f query.Freshness) calendar.Date {
	if f.AsOf.IsZero() {
		return s.today()
	}
	return calendar.DateOf(f.AsOf)
}

func window(w query.Window) openapi.Window {
	return openapi.Window{Name: w.Name, Colour: w.Colour, FromDay: w.FromDay, ToDay: w.ToDay}
}

func (s *Server) windows() []openapi.Window { return list(s.Windows[:], window) }
