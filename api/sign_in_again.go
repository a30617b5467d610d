package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
)

func (h handlers) SignInAgain(ctx context.Context, r openapi.SignInAgainRequestObject) (openapi.SignInAgainResponseObject, error) {
	answer, err := readAgain(r.Body)
	if err != nil {
		return nil, err
	}
	made := callOf(ctx)
	var again people.SignedInAgain
	if r.Body.Challenge == nil {
		again, err = h.App.People.SignInAgain(ctx, made.caller, people.SignInAgain{
			Password: valueOf(r.Body.Password), Address: made.address, From: made.from,
		})
	} else {
		answer.Address, answer.From = made.address, made.from
		again, err = h.App.People.AnswerAgain(ctx, made.caller, answer)
	}
	if err != nil {
		return nil, err
	}
	if again.Next != nil {
		step, err := secondStep(again.Next)
		return openapi.SignInAgain202JSONResponse(step), err
	}
	return openapi.SignInAgain200JSONResponse{FreshUntil: again.Until}, nil
}

// readAgain is the answer to a challenge, and checks that there is a challenge with an
// answer, or neither.
func readAgain(body *openapi.SignInAgain) (people.AnswerSecondStep, error) {
	passkey, err := browserAnswer(body.Passkey)
	if err != nil {
		return people.AnswerSecondStep{}, err
	}
	a := people.AnswerSecondStep{
		Challenge: valueOf(body.Challenge), Code: valueOf(body.Code), RecoveryCode: valueOf(body.RecoveryCode), Passkey: passkey,
	}
	var in reading
	answers := body.Code != nil || body.RecoveryCode != nil || body.Passkey != nil
	switch {
	case body.Challenge == nil && answers:
		in.wrong("/challenge", codeFieldMissing, "Send the challenge that this answers.")
	case body.Challenge != nil && !answers:
		in.wrong("", codeFieldMissing, "Send the challenge with a code, a recoveryCode or a passkey.")
	}
	return a, in.err()
}
