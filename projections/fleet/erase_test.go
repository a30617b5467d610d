package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// An erased person is gone from every version in every generation of the read
// model at once, and a rebuild from what the log still tells gives the same rows.
func TestErasedPersonsAreGoneFromAllVersions(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	node := eventnodetest.On(t, pool)
	node.Start()
	keys := keysIn(t, pool)
	store := openStore(t, node.SocketPath(), keys)
	runner := follow(t, pool, store)
	reader := fleet.NewReader(pool, runner.WaitFor)

	h := newHistory()
	reseller := h.account("North Radio", account.Reseller, uuid.Nil)
	person := h.events[0].Event.(account.AccountCreated).Administrator
	other := h.customer("Delta Rail", reseller)
	stream := account.Aggregate.Stream(reseller)
	h.add(stream, account.InvitationSent{Account: reseller, Invitation: account.Invitation{Number: 2, Expires: h.now}})
	active := person
	active.Name = "A new name"
	h.add(stream, account.AccountActivated{Account: reseller, Administrator: active})
	read(t, reader, reseller, appendAll(t, store, h.events))
	require.NoError(t, runner.Rebuild(t.Context(), fleet.Name, nil)) // leaves the generation before it
	require.NotZero(t, generationsWith(t, pool, person.Email))
	requireNobodyIn(t, pool, person.Email, person.Name, active.Name)
	before, _ := accountAt(t, reader, reseller, time.Now())
	require.Equal(t, []account.Person{active}, before)
	asOf := time.Now()

	h.events = nil
	h.add(stream, account.PersonErased{Account: reseller, Person: person.ID}, account.AccountActivated{Account: reseller, Administrator: active})
	read(t, reader, reseller, appendAll(t, store, h.events))
	require.Zero(t, generationsWith(t, pool, person.Email)+generationsWith(t, pool, active.Name))
	for _, at := range []time.Time{asOf, time.Now()} {
		now, name := accountAt(t, reader, reseller, at)
		require.Equal(t, []account.Person{person.Erase()}, now)
		require.Equal(t, "North Radio", name)
	}
	untouched, _ := accountAt(t, reader, other, time.Now())
	require.Equal(t, "Admin of Delta Rail", untouched[0].Name)

	require.NoError(t, keys.Erase(t.Context(), person.ID))
	m := model{pool: pool}
	live := map[string][]string{}
	for _, table := range allTables {
		live[table] = m.dump(t, schema, table)
	}
	require.NoError(t, runner.Rebuild(t.Context(), fleet.Name, nil))
	requireNobodyIn(t, pool, person.Email, person.Name, active.Name)
	for _, table := range allTables {
		require.Empty(t, cmp.Diff(live[table], m.dump(t, schema, table)), table)
	}
}

func accountAt(t *testing.T, r *fleet.Reader, uid uuid.UUID, at time.Time) ([]account.Person, string) {
	t.Helper()
	page, err := r.Accounts(t.Context(), query.AccountQuery{Accounts: []uuid.UUID{uid}, Now: at, Freshness: query.Freshness{AsOf: at}})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	return page.Items[0].Administrators, page.Items[0].Name
}

// generationsWith counts the tables, of whatever generation, that hold a text.
func generationsWith(t *testing.T, pool *pgxpool.Pool, text string) int {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables WHERE table_schema LIKE 'rm\_%'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(tables), len(allTables), "only one generation")
	n := 0
	for _, table := range tables {
		var has bool
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM `+table+` t WHERE strpos(t::text, $1) > 0)`, text).Scan(&has))
		if has {
			n++
		}
	}
	return n
}

// An erased user is gone from the columns that follow from the state, too, and
// from a generation of another version, which has not all of them, and states of
// another shape.
func TestErasedUsersAreGoneFromOtherVersions(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("North Radio", account.Reseller, uuid.Nil)
	uid := h.invited(reseller, "ada@north.example", false)
	m.whenProjected(t, h)
	_, err := m.pool.Exec(t.Context(), `CREATE SCHEMA rm_fleet_v1; CREATE TABLE rm_fleet_v1.user_versions AS
		SELECT uid, valid_from, valid_to, revision, jsonb_build_object('User', jsonb_build_array(state -> 'person'), 'Lapsed', 1) AS state, email_key FROM `+schema+`.user_versions`)
	require.NoError(t, err)
	require.Equal(t, 2, generationsWith(t, m.pool, "ada@north.example"))
	h.add(user.Aggregate.Stream(uid), user.UserErased{User: uid, Account: reseller})
	m.whenProjected(t, h)
	require.Zero(t, generationsWith(t, m.pool, "ada@north.example")+generationsWith(t, m.pool, "Name of ada"))
	for _, generation := range []string{schema, "rm_fleet_v1"} {
		require.Equal(t, []string{account.Erased}, m.lines(t, `SELECT DISTINCT email_key FROM `+generation+`.user_versions WHERE uid = $1`, uid))
	}
	require.Equal(t, []string{account.Erased}, m.lines(t, `SELECT DISTINCT name_key FROM `+schema+`.user_versions WHERE uid = $1`, uid))
	require.Equal(t, []string{fmt.Sprintf(`{"User": [{"id": "%s", "name": "erased", "email": "erased"}], "Lapsed": 1}`, uid)},
		m.lines(t, `SELECT DISTINCT state::text FROM rm_fleet_v1.user_versions WHERE uid = $1`, uid))
}
