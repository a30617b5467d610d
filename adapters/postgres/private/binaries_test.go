package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// installed makes a folder of programs that claim to be a version.
func installed(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version)
	for _, name := range []string{"postgres", "initdb"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

func offering(dirs ...string) finder {
	return finder{
		sources:  []func(context.Context) []string{func(context.Context) []string { return dirs }},
		download: func(context.Context, int) (string, error) { return "", errors.New("no network") },
		logger:   slog.New(slog.DiscardHandler),
	}
}

func TestFindTakesTheFirstThatFits(t *testing.T) {
	t.Parallel()
	ancient, older, newer := installed(t, "9.6.24"), installed(t, "15.8 (Debian 15.8-1)"), installed(t, "17.2")
	f := offering("/nowhere", ancient, newer, older)
	for major, want := range map[int]string{0: newer, 15: older, 17: newer} {
		bin, err := f.find(t.Context(), major)
		require.NoError(t, err)
		require.Equal(t, want, bin.dir)
	}
}

func TestFindTellsEverythingItRefused(t *testing.T) {
	t.Parallel()
	ancient, newer := installed(t, "9.6.24"), installed(t, "17.2")
	_, err := offering(ancient, "/nowhere").find(t.Context(), 0)
	for _, part := range []string{"PostgreSQL 9, at least 14", "no postgres in /nowhere", "no network"} {
		require.ErrorContains(t, err, part)
	}
	_, err = offering(newer).find(t.Context(), 15)
	require.ErrorContains(t, err, "PostgreSQL 17, the data folder was made by 15")
}

func TestFindLooksNowhereElseThanConfigured(t *testing.T) {
	t.Parallel()
	f := offering(installed(t, "17.2"))
	f.explicit = "/nowhere"
	_, err := f.find(t.Context(), 0)
	require.ErrorContains(t, err, "configured PostgreSQL binaries: no postgres in /nowhere")
	f.explicit = installed(t, "16.1")
	bin, err := f.find(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, f.explicit, bin.dir)
	_, err = f.find(t.Context(), 17)
	require.ErrorContains(t, err, "PostgreSQL 16, the data folder was made by 17")
}

func TestFindFetchesAtLast(t *testing.T) {
	t.Parallel()
	f := offering()
	fetched := installed(t, "15.1")
	f.download = func(_ context.Context, major int) (string, error) {
		require.Equal(t, 15, major)
		return fetched, nil
	}
	bin, err := f.find(t.Context(), 15)
	require.NoError(t, err)
	require.Equal(t, fetched, bin.dir)
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pg.log")
	log, err := openLog(path)
	require.NoError(t, err)
	chunk := make([]byte, 1<<20)
	for range 20 {
		_, err := log.Write(chunk)
		require.NoError(t, err)
	}
	_, err = log.Write([]byte("last words\n"))
	require.NoError(t, err)
	require.Contains(t, log.lastWords(), "last words")
	require.NoError(t, log.Close())
	for _, name := range []string{path, path + ".1"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.LessOrEqual(t, info.Size(), int64(maxLogBytes))
	}
}
