package account

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// DecideDefineProfile gives the account a profile. Name and rights are
// normalised; a profile that is there already is unchanged: its id is the
// command's own.
func DecideDefineProfile(s State, profile uuid.UUID, name string, given []rights.Right) ([]domain.Event, error) {
	problems := open(s)
	switch {
	case len(problems) > 0 || s.HasProfile(profile.String()):
		return nil, domain.Refuse(problems...)
	case s.ProfileNamed(name).Exists():
		return nil, domain.Refuse(profileNameTaken(s.ProfileNamed(name)))
	case len(s.Profiles) >= maxProfiles:
		return nil, refuse(CodeTooManyProfiles, fmt.Sprintf("The account has %d profiles of its own, as many as it can have.", maxProfiles))
	}
	return []domain.Event{ProfileDefined{Account: s.UID, Profile: profile, Name: name, Rights: given}}, nil
}

// DecideEditProfile changes the name and the rights of one of the account's own
// profiles, which are normalised; empty ones stay.
func DecideEditProfile(s State, profile uuid.UUID, name string, given []rights.Right) ([]domain.Event, error) {
	if problems := open(s); len(problems) > 0 || !s.HasProfile(profile.String()) {
		return nil, domain.Refuse(problems...)
	}
	var events []domain.Event
	is := s.Profile(profile.String())
	if name != "" && name != is.Name {
		if other := s.ProfileNamed(name); other.Exists() && other.ID != is.ID {
			return nil, domain.Refuse(profileNameTaken(other))
		}
		events = append(events, ProfileRenamed{Account: s.UID, Profile: profile, Name: name})
	}
	if len(given) > 0 && !slices.Equal(given, is.Rights) {
		events = append(events, ProfileRightsAssigned{Account: s.UID, Profile: profile, Rights: given})
	}
	return events, nil
}

// DecideRemoveProfile takes one of the account's own profiles away, whoever has it.
func DecideRemoveProfile(s State, profile uuid.UUID) ([]domain.Event, error) {
	if p := open(s); p != nil || !s.HasProfile(profile.String()) {
		return nil, domain.Refuse(p...)
	}
	return []domain.Event{ProfileRemoved{Account: s.UID, Profile: profile}}, nil
}
