package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// line carries out a command line in this process.
func line(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, console{&o, &e})
	return status, o.String(), e.String()
}

// A typing mistake in the data folder makes nothing, whatever the command.
func TestNoServiceNoFolder(t *testing.T) {
	for _, v := range os.Environ() { // what tests are told there would be warned of
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "FLEETLEDGER_") {
			t.Setenv(name, value)
			require.NoError(t, os.Unsetenv(name))
		}
	}
	commands := [][]string{
		{"projections", "status"}, {"projections", "rebuild"}, {"projections", "rollback", "fleet"}, {"replay", "device", "LD72997819284879"},
		{"token", "create", "--account", "0197c0de-0000-7000-8000-000000000001", "--administrator"},
		{"log", "copy", "--to", "esdb://nowhere.invalid:2113"},
		{"persons", "lost"}, {"persons", "unreadable", "--all"},
		{"analyst", "list"}, {"analyst", "create", "ann"}, {"analyst", "drop", "ann"},
	}
	empty, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	missing := filepath.Join(t.TempDir(), "typo")
	for _, command := range commands {
		for dir, want := range map[string]string{missing: "does not exist", empty: "holds no service", file: "is no folder"} {
			for _, elsewhere := range [][]string{nil, {"--database-url", "postgres://nowhere.invalid/x"}} {
				status, out, errs := line(t, append(append(command, "--data-dir", dir), elsewhere...)...)
				require.Equal(t, 1, status, errs)
				require.Empty(t, out)
				require.Contains(t, errs, dir)
				require.Contains(t, errs, want)
				require.Equal(t, 1, strings.Count(errs, "\n"), errs)
			}
		}
	}
	require.NoDirExists(t, missing)
	left, err := os.ReadDir(empty)
	require.NoError(t, err)
	require.Empty(t, left)
}

// What is kept elsewhere needs no folder.
func TestServiceElsewhere(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: filepath.Join(t.TempDir(), "none"), DatabaseURL: "postgres://db/x", EventstoreURL: "esdb://log", PersonKey: "key"}
	require.NoError(t, holdsService(&c))
	c.PersonKey = ""
	require.ErrorContains(t, holdsService(&c), "does not exist")
}

func TestHelpShowsOwnFlagsFirst(t *testing.T) {
	for _, command := range [][]string{{"token", "create"}, {"replay", "device"}, {"projections", "status"}, {"bench"}, {"migrate"}, nil} {
		status, out, errs := line(t, append(command, "--help")...)
		require.Zero(t, status, errs)
		require.NotContains(t, out, "FLEETLEDGER_PLACES", command)
		require.Contains(t, out, "FLEETLEDGER_DATA_DIR", command)
		require.Contains(t, out, `Run "fleetledger serve --help" for the flags`, command)
	}
	_, out, _ := line(t, "token", "create", "--help")
	require.Less(t, strings.Index(out, "--administrator"), strings.Index(out, "--data-dir"))

	_, out, _ = line(t, "serve", "--help")
	own, shared, last := strings.Index(out, "--demo"), strings.Index(out, "--data-dir"), strings.Index(out, "FLEETLEDGER_OIDC_TIME")
	require.Positive(t, own)
	require.Less(t, own, shared)
	require.Less(t, shared, last)
	require.NotContains(t, out, "serve --help")
}

func TestUnknownVariablesAreWarnedOf(t *testing.T) {
	t.Setenv("FLEETLEDGER_ADRR", "127.0.0.1:1")
	t.Setenv("FLEETLEDGER_WINDOWS", "30,60,90")
	status, _, errs := line(t, "version")
	require.Zero(t, status)
	require.Contains(t, errs, "variable=FLEETLEDGER_ADRR nearest=FLEETLEDGER_ADDR")
	require.NotContains(t, errs, "variable=FLEETLEDGER_WINDOWS")
	require.NotContains(t, errs, "127.0.0.1:1", "values may be secrets")
}

func TestNearestVariable(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(new(cli))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"FLEETLEDGER_DATADIR": "FLEETLEDGER_DATA_DIR", "FLEETLEDGER_DATABASES_URL": "FLEETLEDGER_DATABASE_URL",
		"FLEETLEDGER_PASSWORD_MIN": "FLEETLEDGER_PASSWORD_MINIMUM", "FLEETLEDGER_OPERATOR_TOKENS": "FLEETLEDGER_OPERATOR_TOKEN",
	} {
		var log bytes.Buffer
		warnOfVariables(slog.New(slog.NewTextHandler(&log, nil)), parser.Model, []string{name + "=x", "PATH=/bin", want + "=y"})
		require.Contains(t, log.String(), "variable="+name+" nearest="+want)
		require.Equal(t, 1, strings.Count(log.String(), "\n"))
	}
	require.Equal(t, 3, distance("kitten", "sitting"))
	require.Equal(t, 3, distance("", "abc"))
	require.Zero(t, distance("abc", "abc"))
}
