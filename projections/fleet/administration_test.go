package fleet_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// The rows say which profiles partners and users have, by the account whose
// profiles they are, as it is now or was then.
func TestRowsNameProfiles(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	customer := h.customer("Alpha", reseller)
	bo := h.invited(customer, "bo@alpha.example", false)
	workshop, p := uuid.New(), partnership.UID(reseller, customer)
	h.add(account.Aggregate.Stream(customer), account.ProfileDefined{
		Account: customer, Profile: workshop, Name: "Workshop", Rights: []rights.Right{rights.DevicesRead},
	})
	h.add(partnership.Aggregate.Stream(p), partnership.PartnerProfileAssigned{Partnership: p, Profile: workshop.String()})
	h.add(user.Aggregate.Stream(bo), user.ProfilesAssigned{User: bo, Profiles: []string{workshop.String(), "full"}})
	first := h.now
	h.add(account.Aggregate.Stream(customer), account.ProfileRightsAssigned{Account: customer, Profile: workshop, Rights: []rights.Right{rights.DevicesEdit}})
	second := h.now
	h.add(account.Aggregate.Stream(customer), account.ProfileRemoved{Account: customer, Profile: workshop})
	m.whenProjected(t, h)

	full, _ := rights.Find("full")
	for _, c := range []struct {
		fresh query.Freshness
		want  rights.Profile
	}{
		{query.Freshness{AsOf: first}, rights.Profile{ID: workshop.String(), Name: "Workshop", Rights: []rights.Right{rights.DevicesRead}}},
		{query.Freshness{AsOf: second}, rights.Profile{ID: workshop.String(), Name: "Workshop", Rights: []rights.Right{rights.DevicesEdit}}},
		{query.Freshness{}, rights.Profile{ID: workshop.String()}},
	} {
		for _, side := range []uuid.UUID{reseller, customer} {
			partners, err := m.reader.Partnerships(t.Context(), c.fresh, side)
			require.NoError(t, err)
			require.EqualExportedValues(t, c.want, partners.Items[0].Profile)
		}
		customers := then(t, m.reader.Customers, query.CustomerQuery{Freshness: c.fresh, Page: query.Page{Limit: 10}, Reseller: reseller, Windows: query.DefaultWindows})
		require.EqualExportedValues(t, c.want, customers.Items[0].PartnerProfile)
		users := then(t, m.reader.Users, query.UserQuery{Freshness: c.fresh, Page: query.Page{Limit: 10}, Account: customer})
		require.Equal(t, []rights.Profile{c.want, full}, users.Items[0].Profiles)
	}
}

func TestRowsSayWhenSecretsWereGiven(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	uid := h.account("Alpha", account.Standard, uuid.Nil)
	texts, sims := uuid.New(), uuid.New()
	h.add(account.Aggregate.Stream(uid),
		account.ExternalAccountAdded{Account: uid, ExternalAccount: texts, Kind: account.SMS, Label: "Texts", Credential: uuid.New()},
		account.ExternalAccountAdded{Account: uid, ExternalAccount: sims, Kind: account.SubscriptionManagement, Label: "SIMs", Credential: uuid.New()},
	)
	before := h.now
	m.whenProjected(t, h)
	rows := func(f query.Freshness) []query.ExternalAccountRow {
		page := then(t, m.reader.Accounts, query.AccountQuery{Freshness: f, Page: query.Page{Limit: 1}, Accounts: []uuid.UUID{uid}})
		return page.Items[0].ExternalAccounts
	}
	given := rows(query.Freshness{})[0].SecretSince
	require.False(t, given.IsZero())
	h.add(account.Aggregate.Stream(uid),
		account.ExternalAccountSecretReplaced{Account: uid, ExternalAccount: texts, Credential: uuid.New()},
		account.ExternalAccountRelabelled{Account: uid, ExternalAccount: texts, Label: "Messages"},
		account.ExternalAccountRemoved{Account: uid, ExternalAccount: sims},
	)
	m.whenProjected(t, h)
	now := rows(query.Freshness{})
	require.Len(t, now, 1)
	require.Equal(t, "Messages", now[0].Label)
	require.True(t, now[0].SecretSince.After(given))
	then := rows(query.Freshness{AsOf: before})
	require.Len(t, then, 2)
	require.Equal(t, given, then[0].SecretSince)
	require.True(t, now[0].SecretSet)
	h.add(account.Aggregate.Stream(uid), account.AccountClosed{Account: uid})
	m.whenProjected(t, h)
	require.False(t, rows(query.Freshness{})[0].SecretSet)
}
