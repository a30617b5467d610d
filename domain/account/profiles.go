package account

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/text"
)

// Codes of refusals about profiles.
const (
	CodeNameTaken          = "name_taken"
	CodeProfileShipped     = "profile_shipped"
	CodeTooManyProfiles    = "too_many_profiles"
	CodeRightsMissing      = "rights_missing"
	CodeRightUnknown       = "right_unknown"
	CodeRightNotAssignable = "right_not_assignable"
)

// Most profiles that an account has of its own.
const maxProfiles = 100

// Profile is a profile that users and partners of the account can be given,
// shipped or its own. One that is no more gives nothing.
func (s State) Profile(id string) rights.Profile { return rights.Resolve(id, s.Profiles) }

// ProfileNamed is the profile of a name, in any spelling of it; one that does
// not exist when there is none.
func (s State) ProfileNamed(name string) rights.Profile {
	key := text.Key(name)
	for _, p := range slices.Concat(rights.Profiles, s.Profiles) {
		if key != "" && text.Key(p.Name) == key {
			return s.Profile(p.ID)
		}
	}
	return rights.Profile{}
}

// HasProfile reports whether the account has a profile of its own with that id.
func (s State) HasProfile(id string) bool {
	return slices.ContainsFunc(s.Profiles, func(p rights.Profile) bool { return p.ID == id })
}

// profiled folds the events about profiles.
func profiled(s State, e domain.Event) State {
	change := func(profile uuid.UUID, to func(*rights.Profile)) {
		s.Profiles = slices.Clone(s.Profiles)
		for i := range s.Profiles {
			if s.Profiles[i].ID == profile.String() {
				to(&s.Profiles[i])
			}
		}
	}
	switch e := e.(type) {
	case ProfileDefined:
		s.Profiles = append(slices.Clone(s.Profiles), rights.Profile{ID: e.Profile.String(), Name: e.Name, Rights: e.Rights})
	case ProfileRenamed:
		change(e.Profile, func(p *rights.Profile) { p.Name = e.Name })
	case ProfileRightsAssigned:
		change(e.Profile, func(p *rights.Profile) { p.Rights = e.Rights })
	case ProfileRemoved:
		s.Profiles = slices.DeleteFunc(slices.Clone(s.Profiles), func(p rights.Profile) bool { return p.ID == e.Profile.String() })
	}
	return s
}

// NormaliseRights checks and orders the rights of a profile, each once. What
// only administrators or the operator may do is in no profile.
func NormaliseRights(names []string) ([]rights.Right, []domain.Problem) {
	assignable := rights.Assignable()
	var problems []domain.Problem
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		facts := map[string]string{"right": name}
		switch r := rights.Right(name); {
		case assignable.Has(r):
		case rights.Administrator().Has(r) || rights.Operators().Has(r):
			problems = append(problems, domain.Problem{Code: CodeRightNotAssignable, Detail: "No profile can have this right.", Facts: facts})
		default:
			problems = append(problems, domain.Problem{Code: CodeRightUnknown, Detail: "There is no such right.", Facts: facts})
		}
	}
	if len(names) == 0 {
		problems = problem(CodeRightsMissing, "A profile has one right or more.")
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return slices.DeleteFunc(assignable, func(r rights.Right) bool { return !slices.Contains(names, string(r)) }), nil
}

// DecideDefineProfile gives the account a profile. Name and rights are
// normalised; a profile that is there already is unchanged: its id is the
// command's own.
func DecideDefineProfile(s State, profile uuid.UUID, name string, given []rights.Right) ([]domain.Event, []domain.Problem) {
	problems := open(s)
	switch {
	case len(problems) > 0 || s.HasProfile(profile.String()):
		return nil, problems
	case s.ProfileNamed(name).Exists():
		return nil, nameTaken()
	case len(s.Profiles) >= maxProfiles:
		return nil, problem(CodeTooManyProfiles, "The account has as many profiles as there can be.")
	}
	return []domain.Event{ProfileDefined{Account: s.UID, Profile: profile, Name: name, Rights: given}}, nil
}

// DecideEditProfile changes the name and the rights of one of the account's own
// profiles, which are normalised; empty ones stay.
func DecideEditProfile(s State, profile uuid.UUID, name string, given []rights.Right) (events []domain.Event, problems []domain.Problem) {
	if problems = open(s); len(problems) > 0 || !s.HasProfile(profile.String()) {
		return nil, problems
	}
	is := s.Profile(profile.String())
	if name != "" && name != is.Name {
		if other := s.ProfileNamed(name); other.Exists() && other.ID != is.ID {
			return nil, nameTaken()
		}
		events = append(events, ProfileRenamed{Account: s.UID, Profile: profile, Name: name})
	}
	if len(given) > 0 && !slices.Equal(given, is.Rights) {
		events = append(events, ProfileRightsAssigned{Account: s.UID, Profile: profile, Rights: given})
	}
	return events, nil
}

func nameTaken() []domain.Problem {
	return []domain.Problem{{Code: CodeNameTaken, Pointer: "/name", Detail: "Another profile of the account, or a shipped one, has this name."}}
}

// DecideRemoveProfile takes one of the account's own profiles away, whoever has it.
func DecideRemoveProfile(s State, profile uuid.UUID) ([]domain.Event, []domain.Problem) {
	if p := open(s); p != nil || !s.HasProfile(profile.String()) {
		return nil, p
	}
	return []domain.Event{ProfileRemoved{Account: s.UID, Profile: profile}}, nil
}
