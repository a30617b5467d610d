package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
)

// The whole program: nothing in the database tells a person's address, also
// before the erasure; after it nothing at all does, through kills and rebuilds,
// and history and replay are what they were.
func TestErasedPersonsStayErased(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir)
	info, err := os.Stat(filepath.Join(dir, "person-key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	const email, serial = "admin@prairie-fire.example", "LD72997819284879"
	_, desk := s.reseller("Summit Wireless")
	customer := s.customer(s.client(desk), "Prairie Fire", "complete")
	s.registers(s.operator, customer, client.Registration{SerialNumber: serial, Imei: new("004491972154667")})
	administrator := func() client.Person {
		t.Helper()
		account := when(s.operator.GetAccount(t.Context(), customer, nil)).Then(t).JSON200
		require.Len(t, account.Administrators, 1)
		return account.Administrators[0]
	}
	replay := func() string {
		t.Helper()
		out, err := program(t.Context(), "replay", "device", serial, "--data-dir", dir).Output()
		require.NoError(t, err)
		return string(out)
	}
	history := func() string {
		t.Helper()
		return string(when(s.operator.GetDeviceHistory(t.Context(), serial, nil)).Then(t).Body)
	}
	ada := administrator()
	require.Equal(t, email, ada.Email)
	replayed, told := replay(), history()
	require.Equal(t, []string{"ops.settings"}, without(holding(t, dir, "person-key"), "eventnode"), "the dump has no key but the mark")
	require.Empty(t, without(holding(t, dir, email), "rm_fleet"), "only the read model shows the address")

	when(s.operator.ErasePerson(t.Context(), ada.Id, nil, client.Reason{})).Then(t)
	gone := client.Person{Id: ada.Id, Email: "erased", Name: "erased"}
	require.Equal(t, gone, administrator())
	require.Empty(t, holding(t, dir, email))
	s.kill()

	s = serve(t, dir)
	rebuilt, err := program(t.Context(), "projections", "rebuild", "--data-dir", dir).CombinedOutput()
	require.NoError(t, err, "%s", rebuilt)
	require.Equal(t, gone, administrator())
	require.Empty(t, holding(t, dir, email))
	require.Equal(t, replayed, replay())
	require.Equal(t, told, history())
	s.stop()

	wrong := program(t.Context(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
	wrong.Env = append(wrong.Env, "FLEETLEDGER_PERSON_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	out, err := wrong.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "FLEETLEDGER_PERSON_KEY: the personal data of this database was sealed with another installation key")
}

// holding lists the tables of the service's database that hold a text anywhere,
// in plain or as bytes.
func holding(t *testing.T, dir, text string) []string {
	t.Helper()
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	db, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = db.Close(t.Context()) }()
	rows, err := db.Query(t.Context(), `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, tables, "eventnode.events")
	var found []string
	for _, table := range tables {
		var has bool
		err := db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM `+table+` t
			WHERE strpos(t::text, $1) > 0 OR strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0)`, text).Scan(&has)
		require.NoError(t, err, table)
		if has {
			found = append(found, table)
		}
	}
	return found
}

// without leaves out the tables of schemas that begin so.
func without(tables []string, schema string) []string {
	var rest []string
	for _, table := range tables {
		if !strings.HasPrefix(table, schema) {
			rest = append(rest, table)
		}
	}
	return rest
}
