package user

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Factor is a second factor of a user.
type Factor struct {
	ID   uuid.UUID
	Kind FactorKind
	Name string
}

// Recovery are the recovery codes of a user; zero: none.
type Recovery struct {
	Codes uuid.UUID
	Count int
	Used  []int // numbers
}

// Left is how many codes can still be used.
func (r Recovery) Left() int { return r.Count - len(r.Used) }

// Factor is the user's factor with an id, zero when there is none.
func (s State) Factor(id uuid.UUID) Factor {
	for _, f := range s.Factors {
		if f.ID == id {
			return f
		}
	}
	return Factor{}
}

// Proves reports whether a session that began with a factor, or a set of recovery codes,
// goes on: so long as the user has it. One that began without (uuid.Nil) does as long
// as the user has none.
func (s State) Proves(factor uuid.UUID) bool {
	switch factor {
	case uuid.Nil:
		return len(s.Factors) == 0
	case s.Recovery.Codes:
		return true
	}
	return s.Factor(factor).ID != uuid.Nil
}

// evolveFactors is the part of Evolve about second factors.
func evolveFactors(s State, e domain.Event) State {
	switch e := e.(type) {
	case SecondFactorAdded:
		s.Factors = append(slices.Clone(s.Factors), Factor{ID: e.Factor, Kind: e.Kind, Name: e.Named.Name})
	case SecondFactorRemoved:
		s.Factors = slices.DeleteFunc(slices.Clone(s.Factors), func(f Factor) bool { return f.ID == e.Factor })
		if len(s.Factors) == 0 {
			s.Recovery = Recovery{}
		}
	case SecondFactorsReset:
		s.Factors, s.Recovery = nil, Recovery{}
	case RecoveryCodesReplaced:
		s.Recovery = Recovery{Codes: e.Codes, Count: e.Count}
	case RecoveryCodeUsed:
		if e.Codes == s.Recovery.Codes {
			s.Recovery.Used = append(slices.Clone(s.Recovery.Used), e.Number)
		}
	}
	if s.Erased && len(s.Factors) > 0 {
		s.Factors = slices.Clone(s.Factors)
		for i := range s.Factors {
			s.Factors[i].Name = account.Erased
		}
	}
	return s
}
