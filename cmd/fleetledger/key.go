package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/postgres/keyring"
	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// sealed is all that is sealed with the installation's key.
var sealed = []installation.Sealed{
	personkeys.Sealed, keyring.Sealed, externalsecrets.Sealed, mails.Sealed, factors.Sealed, factors.SealedChallenges,
}

type keyCmd struct {
	Rotate keyRotateCmd `cmd:"" help:"Let another key follow the installation's, beside running instances."`
}

type keyRotateCmd struct {
	NewKeyFile string        `help:"File with the key that follows, 32 bytes in base64; made where there is none. Needed where FLEETLEDGER_PERSON_KEY is set." placeholder:"FILE"`
	Finish     bool          `help:"End a rotation of several instances: the key before is of no use from then on. All instances must have the new one."`
	Wait       time.Duration `help:"How long running instances have to learn of it." default:"10s" hidden:""`
}

// rotateLock is the advisory lock of whoever rotates.
const rotateLock = 5_107_651_001

// Run rotates, or goes on with what was cut off. A single instance gets its key from
// the data folder: there all is done at once. Several have to be given the new key in
// between, and --finish ends it.
func (k keyRotateCmd) Run(ctx context.Context, cfg *Config, c console) (err error) {
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	conn, err := dedicated(ctx, s.pool)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var alone bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(rotateLock)).Scan(&alone); err != nil {
		return err
	}
	if !alone {
		return errors.New("another rotation of this installation's key is at work")
	}
	if _, err := s.fingerprints(ctx); err != nil { // made of the first key
		return err
	}
	if err := k.begin(ctx, cfg, s, c); err != nil {
		return err
	}
	count, err := installation.SealAnew(ctx, s.pool, s.keys, sealed, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d secrets were sealed anew with the key %s\n", count.Anew, sealing.ID(s.keys.InForce()))
	if count.Lost > 0 {
		fmt.Fprintf(c.out, "%d are of a key that nobody has, and stay as they are\n", count.Lost)
	}
	return k.end(ctx, cfg, s, c)
}

// begin announces the next key, unless a rotation is under way, and waits until all
// instances seal with it.
func (k keyRotateCmd) begin(ctx context.Context, cfg *Config, s *stores, c console) error {
	underWay, err := installation.UnderWay(ctx, s.pool)
	if err != nil {
		return err
	}
	switch {
	case underWay != nil:
		fmt.Fprintf(c.out, "going on with the rotation of the key %s\n", underWay.Former)
	case k.Finish:
		return errors.New("--finish: no rotation is under way")
	default:
		next, err := k.nextKey(cfg)
		if err != nil {
			return err
		}
		former := s.keys.InForce()
		err = installation.Announce(ctx, s.pool, former, next, func(ctx context.Context, tx pgx.Tx) error {
			return personkeys.Rebind(ctx, tx, next)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "the key %s follows %s; both are good until the rotation is finished\n", sealing.ID(next), sealing.ID(former))
	}
	if _, err := installation.Learn(ctx, s.pool, s.keys); err != nil {
		return err
	}
	if underWay, err = installation.UnderWay(ctx, s.pool); err != nil || underWay == nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(k.Wait - underWay.Age):
		return nil
	}
}

// nextFile is where the key that follows is, before anything is sealed with it.
func (k keyRotateCmd) nextFile(cfg *Config) (string, error) {
	switch {
	case k.NewKeyFile != "":
		return k.NewKeyFile, nil
	case cfg.PersonKey != "":
		return "", errors.New("the key is given by FLEETLEDGER_PERSON_KEY: name a file for the one that follows, --new-key-file FILE")
	}
	return filepath.Join(cfg.DataDir, keyFileName+".next"), nil
}

func (k keyRotateCmd) nextKey(cfg *Config) ([]byte, error) {
	path, err := k.nextFile(cfg)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("make the key that follows: %w", err)
		}
	}
	return personKey("", filepath.Dir(path), filepath.Base(path))
}

// shared tells whether other instances may have the key from elsewhere.
func shared(cfg *Config) bool { return cfg.PersonKey != "" || cfg.DatabaseURL != "" }

// end puts the new key into its place, and ends the rotation where nobody else has to
// be given it first.
func (k keyRotateCmd) end(ctx context.Context, cfg *Config, s *stores, c console) error {
	if cfg.PersonKey == "" {
		if err := k.place(cfg, s.keys.InForce(), c); err != nil {
			return err
		}
	}
	if shared(cfg) && !k.Finish {
		fmt.Fprintln(c.out, "give all instances the new key, one after the other; then end the rotation with the new key: fleetledger key rotate --finish")
		return nil
	}
	configured, err := personKey(cfg.PersonKey, cfg.DataDir, keyFileName)
	if err != nil {
		return err
	}
	if string(configured) != string(s.keys.InForce()) {
		return errors.New("--finish: FLEETLEDGER_PERSON_KEY is still the key of before")
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.ring.NextCheckpointKey(ctx, tx); err != nil {
			return err
		}
		return installation.Finish(ctx, tx)
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "the rotation is finished: the key before opens nothing any more but backups from before; keep it as long as those")
	return nil
}

// place makes the key that is in force the one of the data folder. The one before
// stays beside it, for backups.
func (k keyRotateCmd) place(cfg *Config, inForce []byte, c console) error {
	path := filepath.Join(cfg.DataDir, keyFileName)
	text, err := keyIn(path)
	if err != nil {
		return fmt.Errorf("read the key before: %w", err)
	}
	next := encodeKey(inForce)
	if text != next {
		former, err := parsePersonKey(text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		kept := path + ".former-" + sealing.ID(former)
		if err := writeDurable(kept, text+"\n"); err != nil {
			return err
		}
		if err := writeDurable(path, next+"\n"); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "the new key is in %s, the one before in %s\n", path, kept)
	}
	own := path + ".next"
	if text, err := keyIn(own); err == nil && strings.TrimSpace(text) == next {
		return os.Remove(own)
	}
	return nil
}
