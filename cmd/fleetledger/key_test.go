package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/api/client"
)

// The key of a running service is rotated by a command that is killed again and again:
// requests go on, nothing is lost, and a service that is started in between with
// whatever is in its folder reads all.
func TestTheKeyIsRotatedThroughKills(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	key := filepath.Join(dir, keyFileName)
	s := serve(t, dir)
	reseller, desk := s.reseller("Summit Wireless")
	by := s.client(desk)
	invite := &client.InviteUserParams{IdempotencyKey: new("invite-1")}
	invited := client.NewUser{Email: "bo@summit-wireless.example", Profiles: &[]string{"read-only"}}
	ids := []string{when(by.InviteUser(t.Context(), reseller, invite, invited)).Then(t).JSON201.Uid.String()}
	before, err := keyIn(key)
	require.NoError(t, err)
	reads := func() {
		t.Helper()
		users := when(s.client(desk).ListUsers(t.Context(), reseller, nil)).Then(t)
		require.Contains(t, string(users.Body), invited.Email)
		require.NotContains(t, string(users.Body), "unreadable")
		// Names that were sealed before, written once more now.
		again := when(by.InviteUser(t.Context(), reseller, invite, invited)).Then(t)
		require.Equal(t, ids[0], again.JSON201.Uid.String(), "a repeat is still a repeat")
	}

	for n := 0; ; n++ {
		var out bytes.Buffer
		// The service has to look for announcements while the command waits.
		cmd := program(t.Context(), "key", "rotate", "--wait", (2 * installation.Every).String(), "--data-dir", dir)
		cmd.Stdout, cmd.Stderr = &out, &out
		require.NoError(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		var done error
		select {
		case done = <-ended:
			require.NoError(t, done, out.String())
		case <-time.After(time.Duration(n+1) * 350 * time.Millisecond):
			require.NoError(t, cmd.Process.Kill())
			<-ended
			reads()
			if n%3 == 2 {
				s.kill()
				s = serve(t, dir)
				by = s.client(desk)
				reads()
			}
			continue
		}
		require.Contains(t, out.String(), "the rotation is finished")
		break
	}
	after, err := keyIn(key)
	require.NoError(t, err)
	require.NotEqual(t, before, after)
	reads()
	s.stop()
	formers, err := filepath.Glob(key + ".former-*")
	require.NoError(t, err)
	var kept []string // two, if the one before was killed when it was done
	for _, file := range formers {
		former, err := keyIn(file)
		require.NoError(t, err)
		kept = append(kept, former)
	}
	require.Contains(t, kept, before)
	require.NotContains(t, kept, after)
	info, err := os.Stat(key)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	s = serve(t, dir)
	by = s.client(desk)
	reads()
	when(s.operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "North Radio", Type: client.Reseller, Administrator: administratorOf("North Radio"),
	})).Then(t)
	s.stop()
	wrong := program(t.Context(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
	wrong.Env = append(wrong.Env, "FLEETLEDGER_PERSON_KEY="+before)
	out, err := wrong.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "another one has followed it")
}

// Several instances are given the new key one after the other, and only then the
// rotation is finished.
func TestTheKeyOfSeveralInstances(t *testing.T) {
	t.Parallel()
	long(t)
	dir, first := t.TempDir(), encodeKey(bytes.Repeat([]byte{7}, 32))
	next := filepath.Join(t.TempDir(), "next")
	with := func(key string, args ...string) (string, error) {
		cmd := program(t.Context(), append(args, "--data-dir", dir)...)
		cmd.Env = append(cmd.Env, "FLEETLEDGER_PERSON_KEY="+key)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	start := func(key string) *service {
		cmd := program(t.Context(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
		cmd.Env = append(cmd.Env, "FLEETLEDGER_PERSON_KEY="+key)
		return begin(t, dir, cmd)
	}
	s := start(first)
	uid := when(s.operator.CreateAccount(t.Context(), nil, client.NewAccount{
		Name: "Summit Wireless", Type: client.Reseller, Administrator: administratorOf("Summit Wireless"),
	})).Then(t).JSON201.Uid
	reads := func() {
		t.Helper()
		account := when(s.operator.GetAccount(t.Context(), uid, nil)).Then(t).JSON200
		require.Equal(t, "admin@summit-wireless.example", account.Administrators[0].Email)
	}
	out, err := with(first, "key", "rotate")
	require.Error(t, err)
	require.Contains(t, out, "--new-key-file")
	out, err = with(first, "key", "rotate", "--new-key-file", next, "--wait", "100ms")
	require.NoError(t, err, out)
	require.Contains(t, out, "give all instances the new key")
	text, err := keyIn(next)
	require.NoError(t, err)
	reads()
	s.kill()
	s = start(first) // both are good
	reads()
	out, err = with(first, "key", "rotate", "--finish", "--wait", "100ms")
	require.Error(t, err)
	require.Contains(t, out, "still the key of before")
	s.kill()
	s = start(text)
	reads()
	out, err = with(text, "key", "rotate", "--finish", "--wait", "100ms")
	require.NoError(t, err, out)
	require.Contains(t, out, "the rotation is finished")
	reads()
	s.kill()
	s = start(text)
	reads()
	s.stop()
	require.NoFileExists(t, filepath.Join(dir, keyFileName))
}
