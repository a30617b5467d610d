package fleet_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

func (h *history) invited(owner uuid.UUID, email string, administrator bool) uuid.UUID {
	uid := uuid.New()
	h.add(user.Aggregate.Stream(uid), user.UserInvited{
		User: uid, Account: owner, Person: account.Person{ID: uid, Email: email, Name: "Name of " + email}, Administrator: administrator,
		Profiles: []string{"renewals"}, Invitation: account.Invitation{Number: 1, TokenHash: []byte("secret"), Expires: h.now.AddDate(0, 0, 7)},
	})
	return uid
}

func TestUsersOfAnAccount(t *testing.T) {
	t.Parallel()
	h := newHistory()
	reseller, other := h.account("North", account.Reseller, uuid.Nil), h.account("South", account.Reseller, uuid.Nil)
	h.invited(other, "x@south.example", true)
	active, pending, revoked := h.invited(reseller, "a@north.example", false), h.invited(reseller, "B@north.example", true), h.invited(reseller, "c@north.example", false)
	person := account.Person{ID: active, Email: "a@north.example", Name: "Ada"}
	h.add(user.Aggregate.Stream(active), user.UserActivated{User: active, Account: reseller, Person: person, Credential: uuid.New()})
	h.add(user.Aggregate.Stream(revoked), user.UserInvitationRevoked{User: revoked})
	before := h.now
	h.add(account.Aggregate.Stream(reseller), account.AdministratorNamed{Account: reseller, Administrator: person})
	m := newModel(t)
	m.whenProjected(t, h)
	users := func(q query.UserQuery) []query.UserRow {
		q.Account, q.Limit = reseller, 10
		page := then(t, m.reader.Users, q)
		require.Equal(t, len(page.Items), page.Total)
		return page.Items
	}
	all := users(query.UserQuery{Now: h.now})
	require.Len(t, all, 2)
	require.Equal(t, active, all[0].UID)
	require.Equal(t, user.Active, all[0].Status)
	require.True(t, all[0].Administrator, "by the account")
	require.Equal(t, pending, all[1].UID)
	require.Equal(t, user.Pending, all[1].Status)
	require.True(t, all[1].Administrator, "will be one")
	require.False(t, users(query.UserQuery{UID: active, Freshness: query.Freshness{AsOf: before}})[0].Administrator)
	require.Equal(t, user.Expired, users(query.UserQuery{Now: h.now.AddDate(0, 0, 8), Statuses: []user.Status{user.Expired}})[0].Status)
	require.Equal(t, revoked, users(query.UserQuery{Statuses: []user.Status{user.Revoked}})[0].UID)
	require.Equal(t, pending, users(query.UserQuery{Search: "b@NORTH"})[0].UID)
	require.Empty(t, users(query.UserQuery{Search: "south"}))
	for _, row := range m.dump(t, schema, "user_versions") {
		require.NotContains(t, row, "c2VjcmV0", "the hash of a token")
	}
}

func TestLastLoginOfACustomer(t *testing.T) {
	t.Parallel()
	h := newHistory()
	reseller := h.account("North", account.Reseller, uuid.Nil)
	customer := h.customer("Delta", reseller)
	before := h.now.Add(time.Minute) // when sign-ins were no events yet
	uid := h.invited(customer, "a@delta.example", false)
	h.now = h.now.Add(time.Hour)
	h.add(user.Aggregate.Stream(uid), user.UserActivated{User: uid, Account: customer}, user.UserSignedIn{User: uid, Account: customer, Day: day0})
	login := h.now
	m := newModel(t)
	m.whenProjected(t, h)
	_, err := m.pool.Exec(t.Context(), `INSERT INTO ops.last_logins (account, at) VALUES ($1, $2)`, customer, before)
	require.NoError(t, err)
	row := func(asOf time.Time) query.CustomerRow {
		page := then(t, m.reader.Customers, query.CustomerQuery{
			Reseller: reseller, Today: day0, Windows: query.DefaultWindows, Freshness: query.Freshness{AsOf: asOf},
			Page: query.Page{Limit: 10, Sort: []string{"-lastLogin"}},
		})
		return page.Items[0]
	}
	require.Equal(t, login, row(time.Time{}).LastLogin)
	require.Equal(t, login, row(login).LastLogin)
	require.Equal(t, before, row(login.Add(-time.Second)).LastLogin)
	require.Zero(t, row(before.Add(-time.Microsecond)).LastLogin)
}
