package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/user"
)

var userSorts = []string{"name", "email", "status", "createdAt"}

func (h handlers) ListUsers(ctx context.Context, r openapi.ListUsersRequestObject) (openapi.ListUsersResponseObject, error) {
	var in reading
	q := query.UserQuery{
		Freshness: in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf),
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, userSorts),
		Account:   r.Uid,
		Statuses:  eachOf[user.Status](r.Params.Status),
		Search:    valueOf(r.Params.Search),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	fetch := func() (query.List[query.UserRow], error) { return h.App.People.List(ctx, callOf(ctx).caller, q) }
	if wantsCSV(ctx) {
		return csvList(h, "users", userColumns, r.Params.Limit, q.Freshness, &q.Page, fetch, userCells)
	}
	page, err := fetch()
	if err != nil {
		return nil, err
	}
	return openapi.ListUsers200JSONResponse{
		Body:    openapi.UserList{Items: list(page.Items, userRow), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListUsers200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func (h handlers) GetUser(ctx context.Context, r openapi.GetUserRequestObject) (openapi.GetUserResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.People.Get(ctx, callOf(ctx).caller, r.Uid, r.User, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.GetUser200JSONResponse{
		Body:    userRow(row),
		Headers: openapi.GetUser200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

func (h handlers) InviteUser(ctx context.Context, r openapi.InviteUserRequestObject) (openapi.InviteUserResponseObject, error) {
	receipt, err := h.App.People.Invite(ctx, callOf(ctx).caller, people.Invite{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Email: r.Body.Email, Name: valueOf(r.Body.Name),
		Profiles: valueOf(r.Body.Profiles), Administrator: valueOf(r.Body.Administrator),
	})
	if err != nil {
		return nil, err
	}
	return openapi.InviteUser201JSONResponse{
		Body: writtenBody(receipt),
		Headers: openapi.InviteUser201ResponseHeaders{
			Location: accountPath(r.Uid) + "/users/" + receipt.UID.String(), XPosition: receipt.Position.String(),
		},
	}, nil
}

func (h handlers) EditUser(ctx context.Context, r openapi.EditUserRequestObject) (openapi.EditUserResponseObject, error) {
	c, err := userCommand(ctx, r.Uid, r.User, r.Params.IfMatch, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	receipt, err := h.App.People.Edit(ctx, callOf(ctx).caller, people.Edit{
		UserCommand: c, Profiles: r.Body.Profiles, Administrator: r.Body.Administrator,
	})
	if err != nil {
		return nil, err
	}
	return openapi.EditUser200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) ResendUserInvitation(ctx context.Context, r openapi.ResendUserInvitationRequestObject) (openapi.ResendUserInvitationResponseObject, error) {
	answer, err := h.changeUser(ctx, r.Uid, r.User, r.Params.IfMatch, r.Body, h.App.People.ResendInvitation)
	return openapi.ResendUserInvitation200JSONResponse{WrittenJSONResponse: answer}, err
}

func (h handlers) RevokeUserInvitation(ctx context.Context, r openapi.RevokeUserInvitationRequestObject) (openapi.RevokeUserInvitationResponseObject, error) {
	answer, err := h.changeUser(ctx, r.Uid, r.User, r.Params.IfMatch, r.Body, h.App.People.RevokeInvitation)
	return openapi.RevokeUserInvitation200JSONResponse{WrittenJSONResponse: answer}, err
}

func (h handlers) DeactivateUser(ctx context.Context, r openapi.DeactivateUserRequestObject) (openapi.DeactivateUserResponseObject, error) {
	answer, err := h.changeUser(ctx, r.Uid, r.User, r.Params.IfMatch, r.Body, h.App.People.Deactivate)
	return openapi.DeactivateUser200JSONResponse{WrittenJSONResponse: answer}, err
}

func (h handlers) ReactivateUser(ctx context.Context, r openapi.ReactivateUserRequestObject) (openapi.ReactivateUserResponseObject, error) {
	answer, err := h.changeUser(ctx, r.Uid, r.User, r.Params.IfMatch, r.Body, h.App.People.Reactivate)
	return openapi.ReactivateUser200JSONResponse{WrittenJSONResponse: answer}, err
}

// changeUser carries out a command that has no fields of its own.
func (h handlers) changeUser(ctx context.Context, account, person uuid.UUID, match *openapi.IfMatch, body *openapi.Reason,
	do func(context.Context, access.Caller, people.UserCommand) (command.Receipt, error),
) (openapi.WrittenJSONResponse, error) {
	c, err := userCommand(ctx, account, person, match, valueOf(body).Reason)
	if err != nil {
		return openapi.WrittenJSONResponse{}, err
	}
	receipt, err := do(ctx, callOf(ctx).caller, c)
	return writtenResponse(receipt), err
}

func userCommand(ctx context.Context, account, person uuid.UUID, match *openapi.IfMatch, reason *openapi.ReasonText) (people.UserCommand, error) {
	var in reading
	c := people.UserCommand{Command: commandOf(ctx, reason), Account: account, User: person, IfRevision: in.ifMatch(match)}
	return c, in.err()
}

func userRow(r query.UserRow) openapi.User {
	u := openapi.User{
		Uid: r.UID, Account: r.Account, Email: r.Person.Email, Name: r.Person.Name, Status: openapi.UserStatus(r.Status),
		Administrator: r.Administrator, Profiles: list(r.Profiles, profileRef), CreatedAt: r.CreatedAt.UTC(), Revision: int64(r.Revision),
	}
	if r.Status == user.Pending || r.Status == user.Expired {
		u.InvitationExpires = instant(r.InvitationExpires)
	}
	if r.Factors != nil {
		u.SecondFactors = new(list(r.Factors, func(f query.UserFactor) openapi.UserFactor {
			return openapi.UserFactor{Kind: openapi.FactorKind(f.Kind), Since: f.Since}
		}))
	}
	return u
}
