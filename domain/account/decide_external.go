package account

import (
	"fmt"
	"net/url"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// DecideAddExternalAccount gives the account an external account, which is
// normalised. One that is there already is unchanged: its uid is the command's own.
func DecideAddExternalAccount(s State, x ExternalAccount) ([]domain.Event, error) {
	if p := open(s); p != nil {
		return nil, domain.Refuse(p...)
	}
	if _, known := s.ExternalAccount(x.UID); known {
		return nil, nil
	}
	problems := s.labelTaken(x.Label, x.UID)
	if s.Type == Reseller && x.Kind == SubscriptionManagement {
		problems = append(problems, domain.Problem{
			Code: CodeExternalNotAllowed, Pointer: "/kind", Detail: "A reseller account has no SIMs, so it cannot have subscription management.",
		})
	}
	if len(s.ExternalAccounts) >= maxExternalAccounts {
		problems = append(problems, domain.Problem{Code: CodeTooManyExternal, Detail: fmt.Sprintf("The account has %d external accounts, as many as it can have.", maxExternalAccounts)})
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{ExternalAccountAdded{
		Account: s.UID, ExternalAccount: x.UID, Kind: x.Kind, Label: x.Label, Endpoint: x.Endpoint, Credential: x.Credential,
	}}, nil
}

// DecideEditExternalAccount changes what is not empty, all or nothing. A secret
// goes to the host it was given for only: with another host comes a new one.
func DecideEditExternalAccount(s State, to ExternalAccount) ([]domain.Event, error) {
	problems := open(s)
	is, known := s.ExternalAccount(to.UID)
	if len(problems) > 0 || !known {
		return nil, domain.Refuse(problems...)
	}
	var events []domain.Event
	if to.Label != "" && to.Label != is.Label {
		problems = append(problems, s.labelTaken(to.Label, to.UID)...)
		events = append(events, ExternalAccountRelabelled{Account: s.UID, ExternalAccount: is.UID, Label: to.Label})
	}
	if to.Endpoint != "" && to.Endpoint != is.Endpoint {
		if to.Credential == uuid.Nil && hostOf(to.Endpoint) != hostOf(is.Endpoint) {
			problems = append(problems, domain.Problem{
				Pointer: "/secret", Code: CodeSecretRequired, Detail: "The secret was given for another host. Give it again, or a new one.",
			})
		}
		events = append(events, ExternalAccountEndpointChanged{Account: s.UID, ExternalAccount: is.UID, Endpoint: to.Endpoint})
	}
	if to.Credential != uuid.Nil && to.Credential != is.Credential {
		events = append(events, ExternalAccountSecretReplaced{
			Account: s.UID, ExternalAccount: is.UID, Credential: to.Credential, Replaced: is.Credential,
		})
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return events, nil
}

// DecideRemoveExternalAccount takes an external account away.
func DecideRemoveExternalAccount(s State, uid uuid.UUID) ([]domain.Event, error) {
	is, known := s.ExternalAccount(uid)
	if p := open(s); p != nil || !known {
		return nil, domain.Refuse(p...)
	}
	return []domain.Event{ExternalAccountRemoved{Account: s.UID, ExternalAccount: uid, Credential: is.Credential}}, nil
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}
