package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/fleetledger/fleetledger/adapters/postgres/backup"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

const keyFileName = "person-key"

// installationKey finds the key that the secrets in a backup are sealed with: in
// the given file, the configuration, the data folder or, on a terminal, by asking.
// Another key is refused, and so is none. keep says that the data folder does not
// have it yet and will need it.
func (b backupRestoreCmd) installationKey(cfg *Config, m backup.Manifest) (key string, keep bool, err error) {
	var from string
	inFolder := exists(cfg.DataDir, keyFileName)
	switch {
	case b.WithoutKey:
		return "", false, nil
	case b.KeyFile != "":
		from = b.KeyFile
		key, err = keyIn(b.KeyFile)
		keep = cfg.PersonKey == "" && !inFolder
	case cfg.PersonKey != "":
		from, key = "FLEETLEDGER_PERSON_KEY", cfg.PersonKey
	case inFolder:
		from = filepath.Join(cfg.DataDir, keyFileName)
		key, err = keyIn(from)
	case len(m.KeyMark) == 0:
		return "", false, nil // nothing was ever sealed
	default:
		from, keep = "the key", true
		key, err = askForKey(m)
	}
	if err != nil {
		return "", false, err
	}
	parsed, err := parsePersonKey(key)
	if err == nil && len(m.KeyMark) > 0 {
		err = personkeys.CheckMark(sealing.NewKeys(parsed), m.KeyMark)
	}
	if errors.Is(err, personkeys.ErrForeignKey) {
		err = errors.New("is another key than the one that the personal data in this backup was sealed with; nothing was written")
	}
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", from, err)
	}
	return key, keep, b.sameKeyForService(cfg, key, inFolder)
}

// sameKeyForService refuses a key that the service would not use afterwards.
func (b backupRestoreCmd) sameKeyForService(cfg *Config, key string, inFolder bool) error {
	other := cfg.PersonKey
	if other == "" && inFolder {
		var err error
		if other, err = keyIn(filepath.Join(cfg.DataDir, keyFileName)); err != nil {
			return err
		}
	}
	if other != "" && other != key {
		return errors.New("--key-file has the right key, and the service would use another one: FLEETLEDGER_PERSON_KEY, or the file person-key of the data folder")
	}
	return nil
}

func keyIn(path string) (string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's choice
	return strings.TrimSpace(string(text)), err
}

// askForKey asks on a terminal. Elsewhere it says what would be lost without it.
func askForKey(m backup.Manifest) (string, error) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", fmt.Errorf("the installation's key is needed: --key-file with the file person-key of the service's data folder, or FLEETLEDGER_PERSON_KEY. "+
			"Without it the names and addresses of %d persons, %d secrets of external accounts and what mails that wait say cannot be read by anybody, and --without-key goes on without them; nothing was written",
			m.Rows("ops.person_keys"), m.Rows("ops.external_secrets"))
	}
	fmt.Fprint(os.Stderr, "the installation's key (content of the file person-key): ")
	text, err := term.ReadPassword(in)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
