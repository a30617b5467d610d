package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// profileRights are what some profiles of an account give together.
func profileRights(acc account.State, profiles []string) rights.Set {
	var all rights.Set
	for _, id := range profiles {
		all = append(all, rights.Beyond(acc.Profile(id).Rights, all)...)
	}
	return all
}

// membership is what a user of an account is, or is to be.
type membership struct {
	profiles      []string
	administrator bool
}

func invitedAs(u user.State) membership { return membership{u.Profiles, u.Administrator} }

// unpointed is an error about a request without a body.
func unpointed(err error) error { return pointing("", err) }

// mayGive refuses with CodeRightNotHeld to make a user more than it was by what the
// caller does not have itself. Only whoever has all rights of an administrator makes
// one.
func mayGive(ctx context.Context, req *access.Request, uid uuid.UUID, acc account.State, was, is membership) error {
	held, err := req.In(ctx, uid)
	if err != nil {
		return err
	}
	problems := access.Giving(profileRights(acc, is.profiles), profileRights(acc, was.profiles), held, "/profiles")
	if is.administrator && !was.administrator {
		problems = append(problems, access.Giving(rights.Administrator(), nil, held, "/administrator")...)
	}
	return domain.Refuse(problems...)
}
