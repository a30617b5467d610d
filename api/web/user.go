package web

import (
	"context"
	"net/url"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// userOf is the account and the user that a page is about.
func (v *visit) userOf() (account, user uuid.UUID, err error) {
	if account, err = v.administered(); err != nil {
		return account, user, err
	}
	if user, err = uuid.Parse(v.r.PathValue("user")); err != nil {
		return account, user, errNoPage
	}
	return account, user, nil
}

// user is what lets a user in.
func (d *Desk) user(ctx context.Context, v *visit) error { return d.showUser(ctx, v, nil) }

func (d *Desk) showUser(ctx context.Context, v *visit, problem *client.Problem) error {
	account, user, err := v.userOf()
	if err != nil {
		return err
	}
	found, err := v.fleet.GetUser(ctx, account, user, nil)
	if err != nil {
		return err
	}
	sessions, err := v.fleet.ListSessionsOfUser(ctx, account, user, nil)
	if err != nil {
		return err
	}
	tokens, err := v.fleet.ListTokensOfUser(ctx, account, user, nil)
	if err != nil {
		return err
	}
	return v.show(statusOf(problem), view.UserPage(view.User{
		Frame: v.frame(errorTitle("User", problem), "administration"), User: *found.JSON200,
		Sessions: sessions.JSON200.Items, Tokens: tokens.JSON200.Items, Problem: problem,
	}))
}

// userActs are the things that the page's forms do, by the name of their button.
var userActs = map[string]func(ctx context.Context, v *visit, account, user uuid.UUID, form url.Values) error{
	"endSession": func(ctx context.Context, v *visit, account, user uuid.UUID, form url.Values) error {
		session, bad := uuid.Parse(form.Get("session"))
		if bad != nil {
			return errNoPage
		}
		_, err := v.fleet.EndSessionOfUser(ctx, account, user, session, nil, v.once())
		return err
	},
	"endSessions": func(ctx context.Context, v *visit, account, user uuid.UUID, _ url.Values) error {
		_, err := v.fleet.EndSessionsOfUser(ctx, account, user, nil, v.once())
		return err
	},
	"revokeToken": func(ctx context.Context, v *visit, account, user uuid.UUID, form url.Values) error {
		token, bad := uuid.Parse(form.Get("token"))
		if bad != nil {
			return errNoPage
		}
		_, err := v.fleet.RevokeTokenOfUser(ctx, account, user, token, nil, v.once())
		return err
	},
	"revokeTokens": func(ctx context.Context, v *visit, account, user uuid.UUID, _ url.Values) error {
		_, err := v.fleet.RevokeTokensOfUser(ctx, account, user, nil, v.once())
		return err
	},
}

// changeUser carries out a form of the page.
func (d *Desk) changeUser(ctx context.Context, v *visit) error {
	account, user, err := v.userOf()
	if err != nil {
		return err
	}
	act, ok := userActs[v.r.PostForm.Get("do")]
	if !ok {
		return errNoPage
	}
	switch err := act(ctx, v, account, user, v.r.PostForm); {
	case err == nil:
		return v.to("/administration/users/" + user.String() + "?account=" + account.String() + "&done=ended")
	case refusal(err) != nil:
		return d.showUser(ctx, v, refusal(err))
	default:
		return err
	}
}
