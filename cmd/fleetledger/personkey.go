package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// personKey is the configured key of the installation that keys of persons are
// sealed with, or the one in a file of the data folder, made there (mode 0600) at
// the first start. It is never in the database, so that a dump alone opens nothing;
// a backup without it has no personal data.
func personKey(configured, dataDir, name string) ([]byte, error) {
	if configured != "" {
		return parsePersonKey(configured)
	}
	path := filepath.Join(dataDir, name)
	text, err := os.ReadFile(path) //nolint:gosec // a file of our own data folder
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("make the key of personal data: %w", err)
		}
		text, err = os.ReadFile(path) //nolint:gosec // as above
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of personal data: %w", err)
	}
	key, err := parsePersonKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// createKey makes a file with a new key, on the disk and whole before it gets
// its name. One that another process has made meanwhile stays.
func createKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".person-key-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = draft.WriteString(encodeKey(sealing.NewKey()) + "\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		if err = os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(draft.Name()), syncFolder(filepath.Dir(path)))
}

func encodeKey(key []byte) string { return base64.StdEncoding.EncodeToString(key) }

// writeDurable is writePrivate for what must be on the disk when it returns.
func writeDurable(path, text string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".person-key-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = draft.WriteString(text)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		if err = os.Rename(draft.Name(), path); err == nil {
			return syncFolder(filepath.Dir(path))
		}
	}
	return errors.Join(err, os.Remove(draft.Name()))
}

// syncFolder puts the names in a folder on the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // a folder of our own
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func parsePersonKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != sealing.KeySize {
		return nil, fmt.Errorf("is not %d bytes in base64, such as `openssl rand -base64 %[1]d` gives", sealing.KeySize)
	}
	return key, nil
}
