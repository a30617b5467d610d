package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain/user"
)

var factorOrders = orders[people.OwnFactor]{
	"name":      byName(func(f people.OwnFactor) string { return f.Name }),
	"createdAt": byTime(func(f people.OwnFactor) time.Time { return f.CreatedAt }),
	"usedAt":    byTime(func(f people.OwnFactor) time.Time { return f.UsedAt }), // those that never were come first
}

func (h handlers) ListFactors(ctx context.Context, r openapi.ListFactorsRequestObject) (openapi.ListFactorsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, factorOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	own, err := h.App.People.Factors(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	found, err := paged(own.Factors, page, factorOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListFactors200JSONResponse{
		Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, factor),
		RecoveryCodesLeft: own.Recovery.Left(), Required: own.Required, Passkeys: own.Passkeys,
	}, nil
}

func factor(f people.OwnFactor) openapi.Factor {
	return openapi.Factor{Id: f.ID, Kind: openapi.FactorKind(f.Kind), Name: f.Name, CreatedAt: instant(f.CreatedAt), UsedAt: instant(f.UsedAt)}
}

func (h handlers) AddFactor(ctx context.Context, r openapi.AddFactorRequestObject) (openapi.AddFactorResponseObject, error) {
	begun, err := h.App.People.AddFactor(ctx, callOf(ctx).caller, people.AddFactor{
		Command: commandOf(ctx, nil), Kind: user.FactorKind(r.Body.Kind), Name: r.Body.Name,
	})
	if err != nil {
		return nil, err
	}
	asked, err := browserOptions(begun.Passkey)
	return openapi.AddFactor201JSONResponse{
		Id: begun.ID, Kind: r.Body.Kind, Name: begun.Name, Expires: begun.Expires,
		Secret: present(begun.Secret), Uri: present(begun.URI), Passkey: asked,
	}, err
}

// browserOptions are what a browser is asked, nil for nothing.
func browserOptions(options json.RawMessage) (*map[string]any, error) {
	if len(options) == 0 {
		return nil, nil //nolint:nilnil // an optional member
	}
	var all map[string]any
	err := json.Unmarshal(options, &all)
	return &all, err
}

// browserAnswer is what a browser has answered, nil for nothing.
func browserAnswer(answer *map[string]any) (json.RawMessage, error) {
	if answer == nil {
		return nil, nil
	}
	return json.Marshal(*answer)
}

func (h handlers) ConfirmFactor(ctx context.Context, r openapi.ConfirmFactorRequestObject) (openapi.ConfirmFactorResponseObject, error) {
	answer, err := browserAnswer(r.Body.Passkey)
	if err != nil {
		return nil, err
	}
	receipt, err := h.App.People.ConfirmFactor(ctx, callOf(ctx).caller, people.ConfirmFactor{
		Command: commandOf(ctx, nil), Factor: r.Factor, Code: valueOf(r.Body.Code), Passkey: answer,
	})
	return openapi.ConfirmFactor200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}

func (h handlers) RemoveFactor(ctx context.Context, r openapi.RemoveFactorRequestObject) (openapi.RemoveFactorResponseObject, error) {
	receipt, err := h.App.People.RemoveFactor(ctx, callOf(ctx).caller, r.Factor, commandOf(ctx, nil))
	return openapi.RemoveFactor200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}

func (h handlers) ReplaceRecoveryCodes(ctx context.Context, _ openapi.ReplaceRecoveryCodesRequestObject) (openapi.ReplaceRecoveryCodesResponseObject, error) {
	made, err := h.App.People.ReplaceRecoveryCodes(ctx, callOf(ctx).caller, commandOf(ctx, nil))
	if err != nil {
		return nil, err
	}
	return openapi.ReplaceRecoveryCodes201JSONResponse{
		Body:    openapi.RecoveryCodes{Codes: made.Codes},
		Headers: openapi.ReplaceRecoveryCodes201ResponseHeaders{XPosition: made.Position.String()},
	}, nil
}

func (h handlers) ResetFactors(ctx context.Context, r openapi.ResetFactorsRequestObject) (openapi.ResetFactorsResponseObject, error) {
	answer, err := h.changeUser(ctx, r.Uid, r.User, r.Params.IfMatch, r.Body, h.App.People.ResetFactors)
	return openapi.ResetFactors200JSONResponse{WrittenJSONResponse: answer}, err
}

// secondStep asks for the rest of a sign-in.
func secondStep(next *people.SecondStep) (openapi.SecondStep, error) {
	asked, err := browserOptions(next.Passkey)
	return openapi.SecondStep{
		Challenge: next.Challenge, Expires: next.Expires, Totp: next.OneTimeCode, RecoveryCode: next.RecoveryCode, Passkey: asked,
	}, err
}

func (h handlers) SignInWithPasskey(ctx context.Context, _ openapi.SignInWithPasskeyRequestObject) (openapi.SignInWithPasskeyResponseObject, error) {
	next, err := h.App.People.StartWithPasskey(ctx, callOf(ctx).address)
	if err != nil {
		return nil, err
	}
	step, err := secondStep(next)
	return openapi.SignInWithPasskey202JSONResponse(step), err
}

func (h handlers) AnswerSecondStep(ctx context.Context, r openapi.AnswerSecondStepRequestObject) (openapi.AnswerSecondStepResponseObject, error) {
	answer, err := browserAnswer(r.Body.Passkey)
	if err != nil {
		return nil, err
	}
	in, err := h.App.People.AnswerSecondStep(ctx, people.AnswerSecondStep{
		Challenge: r.Body.Challenge, Code: valueOf(r.Body.Code), RecoveryCode: valueOf(r.Body.RecoveryCode), Passkey: answer,
		Address: callOf(ctx).address, From: callOf(ctx).from,
	})
	if err != nil {
		return nil, err
	}
	return openapi.AnswerSecondStep201JSONResponse{
		Body:    openapi.SignedIn{Token: in.Token, ExpiresAt: in.ExpiresAt},
		Headers: openapi.AnswerSecondStep201ResponseHeaders{XPosition: in.Position.String()},
	}, nil
}
