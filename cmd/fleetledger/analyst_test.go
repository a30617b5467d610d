package main

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/parquetfiles"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// analyst makes a role beside the running service and connects with it.
func (s *service) analyst(name string, args ...string) (*pgx.Conn, string) {
	s.t.Helper()
	out, err := program(s.t.Context(), append([]string{"analyst", "create", name, "--data-dir", s.dir}, args...)...).Output()
	require.NoError(s.t, err)
	target := strings.TrimSuffix(string(out), "\n")
	require.NotContains(s.t, target, "\n", "nothing else is printed")
	return connected(s.t, target), target
}

func connected(t *testing.T, target string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func value[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) (v T) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&v))
	return v
}

// An analyst connects with what the command printed and reads the fleet, before
// and after a rebuild; once dropped, no more.
func TestAnalyst(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "--analyst-addr", "127.0.0.1:0")
	address := s.printed("PostgreSQL for analysts on ")
	require.NotEqual(t, "127.0.0.1:0", address)
	reseller, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	s.registers(desk, s.customer(desk, "Prairie Fire", "complete"), client.Registration{
		SerialNumber: "LD72997819284879", Imei: new("004491972154667"), Name: new("engine-1"),
	})
	when(desk.ListCustomers(t.Context(), nil)).Then(t) // waits until the read model has the device

	ann, target := s.analyst("ann")
	parsed, err := url.Parse(target)
	require.NoError(t, err)
	require.Equal(t, address, parsed.Host)
	const devices = `SELECT concat_ws(' ', account_name, name, imei, service_status) FROM devices`
	require.Equal(t, "Prairie Fire engine-1 004491972154667 active", value[string](t, ann, devices))
	require.Equal(t, reseller.String(), value[string](t, ann, `SELECT reseller_uid::text FROM customers WHERE total_systems = 1 AND partner_profile = 'read-only'`))
	out, err := program(t.Context(), "projections", "rebuild", "fleet", "--data-dir", s.dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "Prairie Fire engine-1 004491972154667 active", value[string](t, ann, devices))
	for _, sql := range []string{`SELECT * FROM ops.person_keys`, `SELECT * FROM ` + fleet.Projection().Schema() + `.device_versions`, `CREATE TABLE mine ()`, `UPDATE partnerships SET partner_profile = 'full'`} {
		_, err := ann.Exec(t.Context(), sql)
		require.Error(t, err, sql)
	}
	if psql, err := exec.LookPath("psql"); err == nil { // what an analyst has at hand
		out, err := exec.CommandContext(t.Context(), psql, target, "-Atc", "SELECT count(*) FROM accounts").CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, "2\n", string(out))
	}

	list, err := program(t.Context(), "analyst", "list", "--data-dir", s.dir).Output()
	require.NoError(t, err)
	require.Equal(t, "ann\n", string(list))
	require.NoError(t, program(t.Context(), "analyst", "drop", "ann", "--data-dir", s.dir).Run())
	require.Error(t, ann.Ping(t.Context()))
	_, err = pgx.Connect(t.Context(), target)
	require.Error(t, err)
}

// On a server where the service may not make roles it starts all the same and
// says what somebody else has to run.
func TestAnalystsOfAServerWithoutRights(t *testing.T) {
	t.Parallel()
	pool := pgtest.Server(t).Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE ROLE limited LOGIN`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `CREATE DATABASE its_own OWNER limited`)
	require.NoError(t, err)
	database, err := url.Parse(pool.Config().ConnString())
	require.NoError(t, err)
	database.User, database.Path = url.User("limited"), "/its_own"
	s := serve(t, t.TempDir(), "--database-url", database.String())
	out, err := program(t.Context(), "analyst", "create", "ann", "--data-dir", s.dir, "--database-url", database.String()).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "CREATE ROLE fleetledger_analyst NOLOGIN")

	_, err = pool.Exec(t.Context(), `CREATE ROLE fleetledger_analyst NOLOGIN; CREATE ROLE ann LOGIN IN ROLE fleetledger_analyst`)
	require.NoError(t, err)
	s.stop()
	require.Contains(t, s.log.String(), "analysts have no access to the database")
	s = serve(t, s.dir, "--database-url", database.String())
	database.User = url.User("ann")
	require.Equal(t, 0, value[int](t, connected(t, database.String()), `SELECT count(*) FROM analytics.devices`))
	s.stop()
	require.NotContains(t, s.log.String(), "analysts have no access")
}

// The address printed is the one configured, with nothing that is the service's.
func TestAnalystURL(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	source := pool.Config().ConnString() + "&pool_max_conns=3&sslmode=disable&statement_timeout=1000"
	config, err := url.Parse(source)
	require.NoError(t, err)
	configured, err := postgres.Open(t.Context(), source, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(configured.Close)
	got, err := analystURL(t.Context(), &Config{DatabaseURL: source}, configured, url.UserPassword("ann", "s-e_s"))
	require.NoError(t, err)
	want := *config
	want.User = url.UserPassword("ann", "s-e_s")
	want.RawQuery = ""
	require.True(t, strings.HasPrefix(got, want.String()+"?"), got)
	parsed, err := url.Parse(got)
	require.NoError(t, err)
	query := parsed.Query()
	require.Equal(t, "disable", query.Get("sslmode"))
	require.Equal(t, config.Query().Get("host"), query.Get("host"))
	require.Len(t, query, 3, "host, port and sslmode")
}

// The files of an export are the views, all at one position, beside the running service.
func TestAnalyticsExport(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	reseller, _ := s.reseller("Summit Wireless")
	s.registers(s.operator, reseller, client.Registration{SerialNumber: "LD72997819284879", Mac: new("020000000001")})
	dir := filepath.Join(t.TempDir(), "files")
	export := func(dir string) (string, error) {
		out, err := program(t.Context(), "analytics", "export", "--parquet", dir, "--data-dir", s.dir).CombinedOutput()
		return string(out), err
	}
	out, err := export(dir)
	require.NoError(t, err, out)
	require.Contains(t, out, "devices: 1 rows")
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	require.NoError(t, err)
	var manifest parquetfiles.Manifest
	require.NoError(t, json.Unmarshal(text, &manifest))
	require.Len(t, manifest.Files, 18)
	log, written := inEpoch(t, s.operator.Position())
	of, exported := inEpoch(t, manifest.Position)
	require.Equal(t, log, of)
	require.False(t, exported.Before(written), manifest.Position) // later is right: the service writes by itself, too
	for _, f := range manifest.Files {
		file, err := os.Open(filepath.Join(dir, f.File))
		require.NoError(t, err)
		info, err := file.Stat()
		require.NoError(t, err)
		opened, err := parquet.OpenFile(file, info.Size())
		require.NoError(t, err, f.View)
		require.Equal(t, f.Rows, opened.NumRows(), f.View)
		require.NoError(t, file.Close())
	}
	out, err = export(dir)
	require.Error(t, err)
	require.Contains(t, out, "the folder is not empty")
	out, err = export("")
	require.Error(t, err)
	require.Contains(t, out, "--parquet")
}

// inEpoch reads a position as clients hold it.
func inEpoch(t *testing.T, s string) (epoch string, p eventlog.Position) {
	t.Helper()
	epoch, rest, _ := strings.Cut(s, "-")
	p, err := eventlog.ParsePosition(rest)
	require.NoError(t, err)
	return epoch, p
}
