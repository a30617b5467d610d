package api

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func (h handlers) GetMe(ctx context.Context, r openapi.GetMeRequestObject) (openapi.GetMeResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	me := openapi.Me{
		Kind: string(caller.Actor.Kind), Id: caller.Actor.ID, Account: present(caller.Own()),
		ActingFor: present(caller.ActingFor), Administrator: caller.Administrator,
		SecondFactorMissing: present(caller.FactorMissing),
		Rights:              list(caller.Rights, same), Accounts: []openapi.ReachedAccount{},
	}
	self, err := h.App.People.Self(ctx, caller)
	if err != nil {
		return nil, err
	}
	if self.Person.ID != uuid.Nil {
		shown := person(self.Person)
		me.Person = &shown
	}
	if pending := self.Pending; pending.Email != "" {
		me.PendingEmail = &openapi.PendingEmail{Email: pending.Email, Expires: pending.Expires.UTC()}
	}
	if caller.Auditor() && valueOf(r.Params.Reached) != "none" {
		if me.Accounts, reached, err = h.audited(ctx, caller, reached); err != nil {
			return nil, err
		}
	}
	if caller.Own() != uuid.Nil {
		own, err := h.App.Accounts.Own(ctx, caller)
		if err != nil {
			return nil, err
		}
		me.AccountName, me.AccountType = present(own.Name), present(openapi.AccountType(own.Type))
	}
	if of := valueOf(r.Params.Reached); of != "none" && !caller.Operator() && caller.Rights.Has(rights.PartnersRead) {
		if me.Accounts, reached, err = h.reached(ctx, caller, of, me.Accounts, reached); err != nil {
			return nil, err
		}
	}
	return openapi.GetMe200JSONResponse{Body: me, Headers: openapi.GetMe200ResponseHeaders{XPosition: reached.String()}}, nil
}

// reached adds the customers that a reseller's caller reaches, or the one that is
// asked for, and the rights there.
func (h handlers) reached(ctx context.Context, caller access.Caller, of string, before []openapi.ReachedAccount, after eventlog.Position) ([]openapi.ReachedAccount, eventlog.Position, error) {
	account := caller.Own()
	if of != "" {
		account = uuid.MustParse(of) // the description's pattern has checked it
	}
	rows, position, err := h.App.Partnerships.List(ctx, caller, account, query.Freshness{MinPosition: after})
	if of != "" && (errors.Is(err, query.ErrNotFound) || errors.Is(err, access.ErrForbidden)) {
		return before, after, nil
	}
	for _, row := range rows {
		if row.Reseller != caller.Own() { // the customer's side reaches nothing
			continue
		}
		profile, name := profileRef(row.Profile), row.PartnerName
		if of != "" { // seen from the customer, the partner is the reseller
			found, _, err := h.App.Accounts.Get(ctx, caller, row.Customer, query.Freshness{})
			if err != nil {
				return nil, position, err
			}
			name = found.Name
		}
		before = append(before, openapi.ReachedAccount{
			Uid: row.Customer, Name: name, Profile: &profile, Rights: list(caller.InPartner(row.Profile.Rights), same),
		})
	}
	return before, position, err
}

// audited lists the accounts of an auditor's grant, whichever of them it acts for.
func (h handlers) audited(ctx context.Context, caller access.Caller, reached eventlog.Position) ([]openapi.ReachedAccount, eventlog.Position, error) {
	caller.ActingFor = uuid.Nil
	found, err := h.App.Accounts.List(ctx, caller, query.AccountQuery{
		Freshness: query.Freshness{MinPosition: reached}, Page: query.Page{Limit: audit.MaxAccounts},
	})
	return list(found.Items, func(r query.AccountRow) openapi.ReachedAccount {
		return openapi.ReachedAccount{Uid: r.UID, Name: r.Name, Rights: list(rights.Auditor(), same)}
	}), found.Position, err
}

func (h handlers) ChangePassword(ctx context.Context, r openapi.ChangePasswordRequestObject) (openapi.ChangePasswordResponseObject, error) {
	receipt, err := h.App.People.ChangePassword(ctx, callOf(ctx).caller, people.ChangePassword{
		Command: commandOf(ctx, nil), Current: r.Body.Current, Password: r.Body.Password,
	})
	return openapi.ChangePassword200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}

func (h handlers) EditMe(ctx context.Context, r openapi.EditMeRequestObject) (openapi.EditMeResponseObject, error) {
	var in reading
	if r.Body.Name == nil && r.Body.Email == nil {
		in.wrong("", codeFieldMissing, "Give a name or an email.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.People.EditSelf(ctx, callOf(ctx).caller, people.EditSelf{
		Command: commandOf(ctx, nil), Name: r.Body.Name, Email: r.Body.Email,
	})
	return openapi.EditMe200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}

func (h handlers) GetEmailConfirmation(ctx context.Context, r openapi.GetEmailConfirmationRequestObject) (openapi.GetEmailConfirmationResponseObject, error) {
	c, err := h.App.People.EmailConfirmation(ctx, r.Token)
	state := "pending"
	if c.Expired {
		state = "expired"
	}
	return openapi.GetEmailConfirmation200JSONResponse{Email: c.Email, State: state, Expires: c.Expires.UTC()}, err
}

func (h handlers) ConfirmEmail(ctx context.Context, r openapi.ConfirmEmailRequestObject) (openapi.ConfirmEmailResponseObject, error) {
	receipt, err := h.App.People.ConfirmEmail(ctx, r.Token, commandOf(ctx, nil))
	return openapi.ConfirmEmail200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}
