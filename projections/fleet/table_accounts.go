package fleet

import (
	"cmp"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/text"
)

// accountState adds what lists show and decisions do not need.
type accountState struct {
	account.State
	CreatedAt time.Time
	// SecretsSince is when the secrets of its external accounts were given.
	SecretsSince map[uuid.UUID]time.Time
}

var accountTable = table[accountState]{
	name:   "account_versions",
	prefix: accountPrefix,
	evolve: func(s accountState, e eventlog.Recorded) accountState {
		s.State = account.Evolve(s.State, e.Event)
		at := e.Metadata.OccurredAt.UTC()
		switch event := e.Event.(type) {
		case account.AccountCreated:
			s.CreatedAt = at
		case account.ExternalAccountAdded:
			return s.secretSince(event.ExternalAccount, at)
		case account.ExternalAccountSecretReplaced:
			return s.secretSince(event.ExternalAccount, at)
		case account.ExternalAccountRemoved:
			return s.secretSince(event.ExternalAccount, time.Time{})
		}
		return s
	},
	exists: func(s accountState) bool { return s.Status != "" },
	row:    func(s accountState) any { return accountRowOf(s) },
	parse:  parse[accountRow, accountState],
	columns: func(s accountState) []field {
		offers := []string{}
		for _, o := range s.Offers {
			offers = append(offers, string(o))
		}
		return append([]field{
			{"name", s.Name},
			{"name_key", text.Key(s.Name)},
			{"type", string(s.Type)},
			{"status", string(s.Status)},
			{"offers", offers},
			{"billing", string(cmp.Or(s.Billing.Mode, account.Prepaid))},
			{"reseller", pgtype.UUID{Bytes: s.Reseller, Valid: s.Reseller != uuid.Nil}},
			{"created_at", s.CreatedAt},
			{"search", searched(s.Name)},
			{"people", searchedPeople(administrators(s.State))},
		}, invitationColumns(s.Invitation, s.Status == account.Pending && s.Lapsed != s.Invitation.Number)...)
	},
	personal: []erasure{{"people", "jsonb_set(people, ARRAY[%s], to_jsonb(" + literal(searchedPerson(account.Person{}.Erase())) + "::text), false)"}},
}

// secretSince notes when a secret was given; the zero time: it is gone.
func (s accountState) secretSince(externalAccount uuid.UUID, at time.Time) accountState {
	since := maps.Clone(s.SecretsSince)
	if at.IsZero() {
		delete(since, externalAccount)
	} else {
		if since == nil {
			since = map[uuid.UUID]time.Time{}
		}
		since[externalAccount] = at
	}
	s.SecretsSince = since
	return s
}

// accountRow is accountState as it is stored: without the token of the
// invitation, and the reservation of an erased administrator's address.
type accountRow struct {
	UID              uuid.UUID               `json:"uid"`
	Name             string                  `json:"name"`
	Type             account.Type            `json:"type"`
	Status           account.Status          `json:"status"`
	Closing          account.Status          `json:"closing,omitzero"`
	Administrator    account.Person          `json:"administrator"`
	Offers           []catalogue.Offer       `json:"offers,omitzero"`
	Reseller         uuid.UUID               `json:"reseller,omitzero"`
	Invitation       invitationRow           `json:"invitation"`
	Lapsed           int                     `json:"lapsed,omitzero"`
	Joined           bool                    `json:"joined,omitzero"`
	EmailElsewhere   bool                    `json:"emailElsewhere,omitzero"`
	Abandoned        bool                    `json:"abandoned,omitzero"`
	Billing          billingRow              `json:"billing,omitzero"`
	ChannelContacts  []account.Person        `json:"channelContacts,omitzero"`
	Security         securityRow             `json:"security,omitzero"`
	Administrators   []account.Person        `json:"administrators,omitzero"`
	Withdrawn        []uuid.UUID             `json:"withdrawn,omitzero"`
	Erased           []uuid.UUID             `json:"erased,omitzero"`
	Profiles         []rights.Profile        `json:"profiles,omitzero"`
	ExternalAccounts []externalAccountRow    `json:"externalAccounts,omitzero"`
	CreatedAt        time.Time               `json:"createdAt"`
	SecretsSince     map[uuid.UUID]time.Time `json:"secretsSince,omitempty"`
}

type billingRow struct {
	Mode    account.BillingMode `json:"mode,omitzero"`
	Contact *account.Person     `json:"contact,omitzero"`
}

type securityRow struct {
	SessionMinutes int      `json:"sessionMinutes,omitzero"`
	IdleMinutes    int      `json:"idleMinutes,omitzero"`
	PasswordLength int      `json:"passwordLength,omitzero"`
	SecondFactor   bool     `json:"secondFactor,omitzero"`
	IssuerOnly     bool     `json:"issuerOnly,omitzero"`
	AddressRanges  []string `json:"addressRanges,omitzero"`
}

type externalAccountRow struct {
	UID        uuid.UUID            `json:"uid"`
	Kind       account.ExternalKind `json:"kind"`
	Label      string               `json:"label"`
	Endpoint   string               `json:"endpoint"`
	Credential uuid.UUID            `json:"credential"`
}

func accountRowOf(s accountState) accountRow {
	r := accountRow{
		UID: s.UID, Name: s.Name, Type: s.Type, Status: s.Status, Closing: s.Closing,
		Administrator: s.Administrator, Offers: s.Offers, Reseller: s.Reseller,
		Invitation: invitationRowOf(s.Invitation), Lapsed: s.Lapsed, Joined: s.Joined, EmailElsewhere: s.EmailElsewhere, Abandoned: s.Abandoned,
		Billing: billingRow(s.Billing), ChannelContacts: s.ChannelContacts, Security: securityRow(s.Security),
		Administrators: s.Administrators, Withdrawn: s.Withdrawn, Erased: s.Erased, Profiles: s.Profiles,
		CreatedAt: s.CreatedAt, SecretsSince: s.SecretsSince,
	}
	for _, x := range s.ExternalAccounts {
		r.ExternalAccounts = append(r.ExternalAccounts, externalAccountRow(x))
	}
	return r
}

func (r accountRow) state() accountState {
	s := accountState{CreatedAt: r.CreatedAt, SecretsSince: r.SecretsSince, State: account.State{
		UID: r.UID, Name: r.Name, Type: r.Type, Status: r.Status, Closing: r.Closing,
		Administrator: r.Administrator, Offers: r.Offers, Reseller: r.Reseller,
		Invitation: r.Invitation.invitation(), Lapsed: r.Lapsed, Joined: r.Joined, EmailElsewhere: r.EmailElsewhere, Abandoned: r.Abandoned,
		Billing: account.Billing(r.Billing), ChannelContacts: r.ChannelContacts, Security: account.Security(r.Security),
		Administrators: r.Administrators, Withdrawn: r.Withdrawn, Erased: r.Erased, Profiles: r.Profiles,
	}}
	for _, x := range r.ExternalAccounts {
		s.ExternalAccounts = append(s.ExternalAccounts, account.ExternalAccount(x))
	}
	return s
}
