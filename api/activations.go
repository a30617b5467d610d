package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
)

func (h handlers) GetActivation(ctx context.Context, r openapi.GetActivationRequestObject) (openapi.GetActivationResponseObject, error) {
	invited, err := h.App.People.Invitation(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	shown := openapi.GetActivation200JSONResponse{
		Account:         openapi.AccountRef{Uid: invited.Account.UID, Name: invited.Account.Name, Type: openapi.AccountType(invited.Account.Type)},
		Status:          openapi.AccountStatus(invited.Status),
		Person:          person(invited.Person),
		Expires:         invited.Expires.UTC(),
		PasswordMinimum: invited.PasswordMinimum,
	}
	if invited.Administrator {
		shown.Administrator = &shown.Person
	}
	return shown, nil
}

func (h handlers) ActivateAccount(ctx context.Context, r openapi.ActivateAccountRequestObject) (openapi.ActivateAccountResponseObject, error) {
	receipt, err := h.App.People.Activate(ctx, r.Token, people.Activate{
		Command: commandOf(ctx, nil), Name: valueOf(r.Body.Name), Password: r.Body.Password,
	})
	if err != nil {
		return nil, err
	}
	return openapi.ActivateAccount200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.ActivateAccount200ResponseHeaders{ETag: etag(receipt.Revision), XPosition: receipt.Position.String()},
	}, nil
}
