package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/apart"
	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
)

// does runs a command line of the program and gives what it printed.
func does(t *testing.T, args ...string) string {
	t.Helper()
	out, err := program(t.Context(), args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", args, out)
	return string(out)
}

// fails runs one that is to fail with one line, and gives that.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	out, err := program(t.Context(), args...).CombinedOutput()
	require.Error(t, err, "%s: %s", args, out)
	require.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
	return string(out)
}

// epochs begin positions: those of a restored log are the same in another epoch.
var epochs = regexp.MustCompile(`"position":"[0-9a-f]{8}-`)

// told are the answers that a backup has to bring back.
func told(t *testing.T, s *service, desk *client.Client, customer uuid.UUID, serial string) []string {
	t.Helper()
	ctx := t.Context()
	return []string{
		string(when(s.operator.GetAccount(ctx, customer, nil)).Then(t).Body),
		string(when(s.operator.GetDevice(ctx, serial, nil)).Then(t).Body),
		epochs.ReplaceAllString(string(when(s.operator.GetDeviceHistory(ctx, serial, nil)).Then(t).Body), `"position":"`),
		string(when(desk.ListCustomers(ctx, nil)).Then(t).Body),
		string(when(s.operator.ListDevices(ctx, &client.ListDevicesParams{Account: &[]uuid.UUID{customer}})).Then(t).Body),
	}
}

// A backup beside a service that is written to, restored into an empty folder:
// everything is there that was answered before, people sign in, sessions and tokens
// go on; who was erased since is erased, and mails about what is lost are named.
func TestBackupIsAWholeService(t *testing.T) {
	t.Parallel()
	long(t)
	const email, password, serial = "admin@summit-wireless.example", "correct horse battery", "LD72997819284879"
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "data")
	file := filepath.Join(t.TempDir(), "fleet.backup")
	s, ctx := serve(t, dir), t.Context()
	_, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	customer := s.customer(desk, "Prairie Fire", "complete")
	s.registers(s.operator, customer, client.Registration{SerialNumber: serial, Imei: new("004491972154667")})
	when(s.client("").ActivateAccount(ctx, s.mailed(email, activationLink), client.ActivationRequest{Name: new("Ada"), Password: password})).Then(t)
	session := s.signIn(email, password)
	before := told(t, s, desk, customer, serial)
	kept := filepath.Join(t.TempDir(), "checkpoint")
	require.NoError(t, os.WriteFile(kept, []byte(does(t, "audit", "checkpoint", "--data-dir", dir)), 0o600))

	busy := s.writes(8)
	does(t, "backup", "create", file, "--data-dir", dir)
	written := busy()
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoFileExists(t, file+".tmp")
	require.Contains(t, fails(t, "backup", "create", file, "--data-dir", dir), "never overwrites")
	require.Contains(t, does(t, "backup", "verify", file), "is whole")

	erased := when(s.operator.GetAccount(ctx, customer, nil)).Then(t).JSON200.Administrators[0].Id
	when(s.operator.ErasePerson(ctx, erased, nil, client.Reason{})).Then(t)
	s.customer(desk, "Late Comer", "complete")
	lost := when(s.operator.EditDevice(ctx, serial, nil, client.DeviceEdit{Name: new("late name")})).Then(t).Header
	s.mailed("admin@late-comer.example", activationLink)
	s.kill()

	require.Contains(t, fails(t, "backup", "restore", file, "--data-dir", dir), "empty one only")
	require.Contains(t, fails(t, "backup", "restore", file, "--data-dir", other), "--key-file")
	wrong := filepath.Join(t.TempDir(), "key")
	require.NoError(t, createKey(wrong))
	require.Contains(t, fails(t, "backup", "restore", file, "--data-dir", other, "--key-file", wrong), "another key")
	require.NoDirExists(t, other)

	out := does(t, "backup", "restore", file, "--data-dir", other, "--key-file", filepath.Join(dir, "person-key"), "--since", filepath.Join(dir, apart.FileName))
	require.Contains(t, out, "person "+erased.String())
	require.Contains(t, out, "1 mails went out about what is not there any more:")
	require.Contains(t, out, "AccountCreated")
	require.Contains(t, out, "the log is in epoch ")

	s = serve(t, other)
	s.ready()
	desk = s.client(token)
	after := told(t, s, desk, customer, serial)
	require.Equal(t, before[1:3], after[1:3], "device and history")
	require.Contains(t, does(t, "audit", "consistency", kept, "--data-dir", other), "only grew", "the same log, by the same keys")
	require.NotContains(t, strings.Join(after, ""), "admin@prairie-fire.example")
	account := when(s.operator.GetAccount(ctx, customer, nil)).Then(t).JSON200
	require.Equal(t, client.Person{Id: erased, Email: "erased", Name: "erased"}, account.Administrators[0])
	s.signIn(email, password)
	when(s.client(session).GetMe(ctx, nil)).Then(t)
	page := when(desk.ListCustomers(ctx, nil)).Then(t).JSON200
	require.Len(t, page.Items, 1, "no late comer")
	require.Empty(t, holding(t, other, "admin@prairie-fire.example"))
	_, err = s.operator.ListDevices(ctx, &client.ListDevicesParams{MinPosition: new(lost.Get("X-Position"))})
	requireStatus(t, http.StatusGone, err)
	_, err = s.operator.EditDevice(ctx, serial, &client.EditDeviceParams{IfMatch: new(lost.Get("ETag"))}, client.DeviceEdit{Name: new("other")})
	requireStatus(t, http.StatusPreconditionFailed, err)
	t.Logf("%d writes while the backup was made", written)
	s.customer(desk, "Late Comer", "complete") // everything is free again
}

func requireStatus(t *testing.T, status int, err error) {
	t.Helper()
	problem, ok := errors.AsType[*client.Problem](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, status, problem.Status)
}

// writes registers devices, each writer its own, until told to stop. It
// returns once each has been answered.
func (s *service) writes(writers int) (stop func() int64) {
	var done atomic.Bool
	var count atomic.Int64
	var busy, begun sync.WaitGroup
	uid := when(s.operator.CreateAccount(s.t.Context(), nil, client.NewAccount{
		Name: "Busy Works", Type: client.Standard, Administrator: administratorOf("Busy Works"),
	})).Then(s.t).JSON201.Uid
	for i := range writers {
		begun.Add(1)
		busy.Go(func() {
			c := s.client(s.token)
			for n := 0; !done.Load(); n++ {
				serial := "LD0000000000" + string(rune('A'+i)) + "00" + string(rune('0'+n%10))
				_, err := c.RegisterDevices(s.t.Context(), nil, client.RegistrationRequest{Items: []client.Registration{
					{SerialNumber: serial, Account: new(uid.String()), Name: new(uuid.NewString())},
				}})
				if err == nil {
					count.Add(1)
				}
				if n == 0 {
					begun.Done()
				}
			}
		})
	}
	begun.Wait()
	return func() int64 {
		done.Store(true)
		busy.Wait()
		return count.Load()
	}
}

// A file that was cut or changed is refused, by verify and by restore, before
// anything is written.
func TestDamagedBackupIsRefused(t *testing.T) {
	t.Parallel()
	good := fixtureBackup(t)
	content, err := os.ReadFile(good)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, damage := range map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
		"half":    func(b []byte) []byte { return b[:len(b)/2] },
		"flipped": func(b []byte) []byte { b[len(b)/3] ^= 4; return b },
		"empty":   func([]byte) []byte { return nil },
	} {
		path, folder := filepath.Join(dir, name), filepath.Join(dir, name+"-data")
		require.NoError(t, os.WriteFile(path, damage(append([]byte(nil), content...)), 0o600))
		require.Contains(t, fails(t, "backup", "verify", path), path)
		require.Contains(t, fails(t, "backup", "restore", path, "--data-dir", folder, "--key-file", fixtureKey(t)), path)
		require.NoDirExists(t, folder)
	}
}

// A backup that is killed leaves no file of its name, and the next one is made.
func TestBackupKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	long(t)
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "fleet.backup")
	s := serve(t, dir)
	s.reseller("Summit Wireless")
	url, err := private.ConnString(dir)
	require.NoError(t, err)
	db, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = db.Close(t.Context()) }()
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE ops.views IN ACCESS EXCLUSIVE MODE`) // its turn comes late
	require.NoError(t, err)
	cmd := program(t.Context(), "backup", "create", file, "--data-dir", dir)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		var waits bool
		err := s.database(t).QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE NOT l.granted AND a.application_name = 'fleetledger-backup')`).Scan(&waits)
		require.NoError(t, err)
		return waits
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.NoFileExists(t, file)
	require.FileExists(t, file+".tmp")
	require.NoError(t, tx.Rollback(t.Context()))
	does(t, "backup", "create", file, "--data-dir", dir)
	does(t, "backup", "verify", file)
	require.NoFileExists(t, file+".tmp")
}

// database is a connection to the service's database.
func (s *service) database(t *testing.T) *pgx.Conn {
	t.Helper()
	url, err := private.ConnString(s.dir)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// A restore that is killed leaves a folder on which nothing starts, and into which
// the backup can be restored again.
func TestRestoreKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, reached := range map[string]func(*pgx.Conn) bool{
		"at its begin":             func(*pgx.Conn) bool { return true },
		"with its mark":            func(c *pgx.Conn) bool { return backup.CheckFinished(t.Context(), c) != nil },
		"when the tables are full": func(c *pgx.Conn) bool { return hasRows(t, c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			cmd := program(t.Context(), "backup", "restore", fixtureBackup(t), "--data-dir", dir, "--key-file", fixtureKey(t))
			require.NoError(t, cmd.Start())
			require.Eventually(t, func() bool {
				url, err := private.ConnString(dir)
				if err != nil {
					return false
				}
				conn, err := pgx.Connect(t.Context(), url)
				if err != nil {
					return false
				}
				defer func() { _ = conn.Close(t.Context()) }()
				return reached(conn)
			}, time.Minute, time.Millisecond)
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait()
			require.Contains(t, fails(t, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir), "a restore did not get to its end here: run it again")
			does(t, "backup", "restore", fixtureBackup(t), "--data-dir", dir, "--key-file", fixtureKey(t))
			serve(t, dir).ready()
		})
	}
}

func hasRows(t *testing.T, c *pgx.Conn) bool {
	var rows bool
	err := c.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM eventnode.events)`).Scan(&rows)
	return err == nil && rows
}

// A database elsewhere takes a backup as a folder does, once.
func TestRestoreIntoADatabaseElsewhere(t *testing.T) {
	t.Parallel()
	url, dir := pgtest.URL(t, pgtest.Empty()), t.TempDir()
	args := []string{"backup", "restore", fixtureBackup(t), "--data-dir", dir, "--database-url", url, "--key-file", fixtureKey(t)}
	require.Contains(t, does(t, args...), "restored into the database of FLEETLEDGER_DATABASE_URL")
	require.Contains(t, fails(t, args...), "empty one only")
	s := serve(t, dir, "--database-url", url)
	s.ready()
	fixtureIsThere(t, s)
}

// A backup of a version before is restored by this one: its format stays.
func TestRestoreBackupOfAVersionBefore(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	does(t, "backup", "restore", fixtureBackup(t), "--data-dir", dir, "--key-file", fixtureKey(t))
	s := serve(t, dir)
	s.ready()
	fixtureIsThere(t, s)
}

// Without the key of the installation everything but names, addresses and secrets
// comes back.
func TestRestoreWithoutTheKey(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	require.Contains(t, fails(t, "backup", "restore", fixtureBackup(t), "--data-dir", dir), "names and addresses of 2 persons")
	require.Contains(t, does(t, "backup", "restore", fixtureBackup(t), "--data-dir", dir, "--without-key"), `2 persons read "unreadable"`)
	s := serve(t, dir)
	s.ready()
	device := when(s.operator.GetDevice(t.Context(), "LD72997819284879", nil)).Then(t).JSON200
	account := when(s.operator.GetAccount(t.Context(), device.Account.Uid, nil)).Then(t).JSON200
	require.Equal(t, "unreadable", account.Administrators[0].Email)
}

// The fixture has a reseller, a customer with an administrator and a device. It
// stays as the program that made it wrote it: testdata/backup/README.md.
func fixtureBackup(t *testing.T) string { return absolute(t, "testdata/backup/format-1.backup") }

func fixtureKey(t *testing.T) string { return absolute(t, "testdata/backup/person-key") }

func absolute(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	require.NoError(t, err)
	return full
}

func fixtureIsThere(t *testing.T, s *service) {
	t.Helper()
	device := when(s.operator.GetDevice(t.Context(), "LD72997819284879", nil)).Then(t).JSON200
	require.Equal(t, "Prairie Fire", *device.Account.Name)
	account := when(s.operator.GetAccount(t.Context(), device.Account.Uid, nil)).Then(t).JSON200
	require.Equal(t, "admin@prairie-fire.example", account.Administrators[0].Email)
}
