package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// DefineProfile gives an account a profile of its own.
type DefineProfile struct {
	Command
	Account uuid.UUID
	Name    string
	Rights  []string
}

// DefineProfile defines a profile. Managing profiles is the account's
// administrators', as managing users.
func (a *App) DefineProfile(ctx context.Context, caller access.Caller, c DefineProfile) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	name, _, problems := account.NormaliseName(c.Name)
	given, p := account.NormaliseRights(c.Rights)
	problems = append(at("/name", problems), at("/rights", p)...)
	if len(problems) > 0 {
		return Written{}, domain.Refuse(problems...)
	}
	w := a.write(caller, c.Command)
	uid := w.derive("profile")
	written, err := a.oneAccount(ctx, w, c.Account, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideDefineProfile(s, uid, name, given)
	})
	written.UID = uid
	return written, err
}

// EditProfile changes what is not nil. IfRevision is the account's.
type EditProfile struct {
	Command
	Account    uuid.UUID
	Profile    string
	Name       *string
	Rights     *[]string
	IfRevision *eventlog.Revision
}

// EditProfile changes one of the account's own profiles, all or nothing, for
// everybody who has it.
func (a *App) EditProfile(ctx context.Context, caller access.Caller, c EditProfile) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	uid, err := ownProfile(c.Profile)
	if err != nil {
		return Written{}, err
	}
	var name string
	var given []rights.Right
	var problems, p []domain.Problem
	if c.Name != nil {
		name, _, p = account.NormaliseName(*c.Name)
		problems = append(problems, at("/name", p)...)
	}
	if c.Rights != nil {
		given, p = account.NormaliseRights(*c.Rights)
		problems = append(problems, at("/rights", p)...)
	}
	if len(problems) > 0 {
		return Written{}, domain.Refuse(problems...)
	}
	return a.oneProfile(ctx, a.write(caller, c.Command), c.Account, uid, c.IfRevision, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideEditProfile(s, uid, name, given)
	})
}

// RemoveProfile takes one of the account's own profiles away. Users, partners
// and tokens that have it keep its id, which gives nothing from then on.
type RemoveProfile struct {
	Command
	Account    uuid.UUID
	Profile    string
	IfRevision *eventlog.Revision
}

// RemoveProfile removes a profile.
func (a *App) RemoveProfile(ctx context.Context, caller access.Caller, c RemoveProfile) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	uid, err := ownProfile(c.Profile)
	if err != nil {
		return Written{}, err
	}
	return a.oneProfile(ctx, a.write(caller, c.Command), c.Account, uid, c.IfRevision, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideRemoveProfile(s, uid)
	})
}

// ownProfile is the uid of a profile that can be changed: no shipped one.
func ownProfile(id string) (uuid.UUID, error) {
	if _, shipped := rights.Find(id); shipped {
		return uuid.Nil, domain.Refuse(domain.Problem{Code: account.CodeProfileShipped, Detail: "A shipped profile stays as it is. Define one of your own."})
	}
	uid, err := uuid.Parse(id)
	if err != nil || uid.String() != id {
		return uuid.Nil, query.ErrNotFound
	}
	return uid, nil
}

func (a *App) oneProfile(ctx context.Context, w write, uid, profile uuid.UUID, ifRevision *eventlog.Revision,
	decide func(account.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	has := func(s account.State) bool { return s.HasProfile(profile.String()) }
	written, err := a.partOfAccount(ctx, w, uid, ifRevision, has, decide)
	written.UID = profile
	return written, err
}
