package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/api/client"
)

// audited is a service with a log of some events, and a folder for what auditors keep.
type audited struct {
	*service
	kept string
	key  string
}

func givenALog(t *testing.T) audited {
	s := serve(t, t.TempDir())
	a := audited{service: s, kept: t.TempDir()}
	reseller, desk := s.reseller("Summit Wireless")
	for _, serial := range []string{"LD72997819284879", "LD72997819284880", "LD72997819284881"} {
		s.registers(s.client(desk), reseller, client.Registration{SerialNumber: serial, Mac: new("0200000000" + serial[14:]), Model: new("MP70")})
	}
	s.reseller("North Radio")
	a.key = strings.TrimSpace(a.runs("audit", "key"))
	return a
}

// runs carries out a command beside the service and expects that it succeeds.
func (a audited) runs(args ...string) string {
	a.t.Helper()
	out, err := program(a.t.Context(), append(args, "--data-dir", a.dir)...).CombinedOutput()
	require.NoError(a.t, err, string(out))
	return string(out)
}

// keeps keeps a checkpoint of now in a file.
func (a audited) keeps(name string) string {
	a.t.Helper()
	path := filepath.Join(a.kept, name)
	require.NoError(a.t, os.WriteFile(path, []byte(a.runs("audit", "checkpoint")), 0o600))
	return path
}

func (a audited) exports(name string, args ...string) string {
	a.t.Helper()
	path := filepath.Join(a.kept, name)
	a.runs(append([]string{"audit", "export", "--out", path}, args...)...)
	return path
}

// verify needs no service and no data folder.
func (a audited) verify(file string) (string, error) {
	out, err := program(a.t.Context(), "audit", "verify", file, "--key", a.key, "--data-dir", filepath.Join(a.kept, "nothing")).CombinedOutput()
	return string(out), err
}

// Whatever somebody does to an export, the first line that is wrong is named.
func TestForgeriesOfAnExportAreNamed(t *testing.T) {
	t.Parallel()
	long(t)
	a := givenALog(t)
	file := a.exports("all")
	out, err := a.verify(file)
	require.NoError(t, err, out)
	require.Contains(t, out, "good")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	last := len(lines) - 1
	require.Greater(t, last, 12)
	device := a.exports("device", "--device", "LD72997819284880")
	other, err := os.ReadFile(device)
	require.NoError(t, err)
	theirs := strings.SplitAfter(string(other), "\n")

	flipped := func(line string, at int) string {
		b := []byte(line)
		b[at] ^= 1
		return string(b)
	}
	for name, c := range map[string]struct {
		lines []string
		says  string
	}{
		"a bit of an event": {slices.Concat(lines[:7], []string{flipped(lines[7], 60)}, lines[8:]), "line 8:"},
		"a bit of a proof":  {slices.Concat(lines[:9], []string{flipped(lines[9], len(lines[9])-20)}, lines[10:]), "line 10:"},
		"a bit of the end":  {slices.Concat(lines[:last], []string{flipped(lines[last], len(lines[last])-30)}), fmt.Sprintf("line %d: the manifest: ", last+1)},
		"a missing line":    {slices.Concat(lines[:5], lines[6:]), "line 6: event 5 of the log is missing"},
		"the last event":    {slices.Concat(lines[:last-1], lines[last:]), "is missing before the manifest"},
		"two swapped":       {slices.Concat(lines[:3], []string{lines[4], lines[3]}, lines[5:]), "line 4:"},
		"one twice":         {slices.Concat(lines[:4], []string{lines[3]}, lines[4:]), "line 5: event 3 of the log is out of its place"},
		"one added":         {slices.Concat(lines[:last], []string{theirs[0]}, lines[last:]), "the manifest has no more events"},
		"cut":               {lines[:last-4], "the line with the manifest is missing"},
		"half a line":       {append(slices.Clone(lines[:last]), lines[last][:40]), "the line with the manifest is missing"},
		"another manifest":  {slices.Concat(lines[:last], theirs[len(theirs)-2:]), "line 1: event 0 of the log is out of its place"},
		"a space":           {slices.Concat(lines[:2], []string{strings.Replace(lines[2], ":", ": ", 1)}, lines[3:]), "line 3: this is no line of an export"},
		"nothing":           {nil, "line 1: the line with the manifest is missing"},
	} {
		forged := filepath.Join(a.kept, "forged")
		require.NoError(t, os.WriteFile(forged, []byte(strings.Join(c.lines, "")), 0o600))
		out, err := a.verify(forged)
		require.Error(t, err, name)
		require.Contains(t, out, c.says, name)
	}
	_, stranger, err := note.GenerateKey(nil, strings.Split(a.key, "+")[0])
	require.NoError(t, err)
	a.key = stranger
	out, err = a.verify(file)
	require.Error(t, err)
	require.Contains(t, out, "the manifest:", "another key of the same name")
}

// Whoever has no key yet is told which one the file was signed with; a forgery is one
// all the same.
func TestAnExportNamesItsKey(t *testing.T) {
	t.Parallel()
	a := givenALog(t)
	file := a.exports("all")
	verify := func(file string) (string, error) {
		out, err := program(t.Context(), "audit", "verify", file, "--data-dir", filepath.Join(a.kept, "nothing")).CombinedOutput()
		return string(out), err
	}
	out, err := verify(file)
	require.NoError(t, err, out)
	require.Contains(t, out, "compare it with one that you trust:\n"+a.key+"\n")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	_, stranger, err := note.GenerateKey(nil, strings.Split(a.key, "+")[0])
	require.NoError(t, err)
	for says, text := range map[string]string{
		"line 2: event 1 of the log is missing": strings.Join(slices.Delete(strings.SplitAfter(string(whole), "\n"), 1, 2), ""),
		"the manifest:":                         strings.Replace(string(whole), a.key, stranger, 1),
	} {
		forged := filepath.Join(a.kept, "forged")
		require.NoError(t, os.WriteFile(forged, []byte(text), 0o600))
		out, err = verify(forged)
		require.Error(t, err)
		require.Contains(t, out, says)
	}
}

// Exports are of a device, of an account with the devices while they were its, of a time.
func TestExportsAreOfWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	long(t)
	a := givenALog(t)
	is := func(file, says string) {
		t.Helper()
		out, err := a.verify(file)
		require.NoError(t, err, out)
		require.Contains(t, out, says)
	}
	is(a.exports("device", "--device", "LD72997819284880"), "good: 1 events (device ")
	is(a.exports("none", "--to", "2020-01-01"), "good: 0 events")
	today := time.Now().UTC().Format(time.DateOnly)
	is(a.exports("today", "--from", today, "--device", "LD72997819284880"), "good: 1 events (device ")
	is(a.exports("later", "--from", time.Now().UTC().AddDate(0, 0, 2).Format(time.DateOnly)), "good: 0 events")
	account := when(a.operator.ListAccounts(t.Context(), nil)).Then(t).JSON200.Items[0].Uid
	file := a.exports("account", "--account", account.String())
	is(file, "(account "+account.String()+")")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "admin@", "personal data is sealed")
	out, err := program(t.Context(), "audit", "export", "--out", file, "--data-dir", a.dir).CombinedOutput()
	require.Error(t, err, "nothing is overwritten")
	require.Contains(t, string(out), "exists")
	require.NoFileExists(t, file+".part")
}

// A library that others wrote verifies checkpoints, proofs and tiles, and a log that
// grew has grown only.
func TestOthersVerifyTheLog(t *testing.T) {
	t.Parallel()
	long(t)
	a := givenALog(t)
	older := a.keeps("older")
	a.reseller("South Radio")
	a.kill()
	a.service = serve(t, a.dir)
	a.reseller("East Radio")
	newer := a.keeps("newer")
	require.Contains(t, a.runs("audit", "consistency", "--key", a.key, older, newer), "good: the log")
	require.Contains(t, a.runs("audit", "consistency", older), "good: the log", "the installation's own keys, and now")
	token := filepath.Join(a.kept, "token")
	require.NoError(t, os.WriteFile(token, []byte(a.token+"\n"), 0o600))
	there := func(args ...string) (string, error) { // an auditor is not at the machine
		args = append([]string{"audit", "consistency", "--data-dir", filepath.Join(a.kept, "nothing")}, args...)
		out, err := program(t.Context(), args...).CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{{older}, {older, newer}, {older, newer, "--key", a.key}} {
		out, err := there(append(args, "--service", a.url+"/", "--token-file", token)...)
		require.NoError(t, err, out)
		require.Contains(t, out, "good: the log")
	}
	require.NoError(t, os.WriteFile(token, []byte("nobody"), 0o600))
	for says, args := range map[string][]string{
		"answers 401":     {older, "--service", a.url, "--token-file", token},
		"belong together": {older, "--service", a.url},
		"--service: ":     {older, "--service", "http://127.0.0.1:1", "--token-file", token},
	} {
		out, err := there(args...)
		require.Error(t, err)
		require.Contains(t, out, says)
	}
	out, err := program(t.Context(), "audit", "consistency", "--key", a.key, newer, older, "--data-dir", a.dir).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "the log has shrunk")

	trusted, err := note.NewVerifier(a.key)
	require.NoError(t, err)
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(trusted.Name()), torchwood.SingleVerifierPolicy(trusted))
	signed, err := os.ReadFile(newer)
	require.NoError(t, err)
	point, _, err := torchwood.VerifyCheckpoint(signed, policy)
	require.NoError(t, err)

	// The tree of all leaves of an export has the checkpoint's root.
	text, err := os.ReadFile(a.exports("all"))
	require.NoError(t, err)
	lines := bytes.SplitAfter(text, []byte("\n"))
	var leaves []tlog.Hash
	for _, line := range lines[:point.N] {
		_, rest, _ := bytes.Cut(line, []byte(`"leaf":`))
		leaf, _, _ := bytes.Cut(rest, []byte(`,"proof":`))
		leaves = append(leaves, tlog.RecordHash(leaf))
	}
	require.Equal(t, point.Hash, rootOfAll(leaves))

	// Tiles over HTTP, by their public paths.
	fetcher, err := torchwood.NewTileFetcher(a.url+"/v1/audit", torchwood.WithHTTPClient(&http.Client{Transport: bearer(a.token)}))
	require.NoError(t, err)
	tiles, err := fetcher.ReadTiles(t.Context(), []tlog.Tile{{H: 8, L: 0, N: 0, W: int(min(point.N, 256))}})
	require.NoError(t, err)
	require.Equal(t, leaves[3][:], tiles[0][3*tlog.HashSize:4*tlog.HashSize])
}

// rootOfAll is the root of RFC 6962.
func rootOfAll(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(rootOfAll(leaves[:k]), rootOfAll(leaves[k:]))
}

type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}
