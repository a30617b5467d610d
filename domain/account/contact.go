package account

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// Contact names a person as a request does.
type Contact struct{ Email, Name string }

// Person checks a contact and makes a person of it; the problems point at its
// parts below pointer.
func (c Contact) Person(id uuid.UUID, pointer string) (p Person, problems []domain.Problem) {
	var found []domain.Problem
	p.ID = id
	p.Email, _, found = NewEmail(c.Email)
	problems = append(problems, domain.At(pointer+"/email", found)...)
	if c.Name != "" {
		p.Name, _, found = NormaliseName(c.Name)
		problems = append(problems, domain.At(pointer+"/name", found)...)
	}
	return p, problems
}
