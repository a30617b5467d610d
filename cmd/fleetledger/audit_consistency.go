package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/transparency"
)

type auditConsistencyCmd struct {
	Key   []string `help:"A public key that you trust, as 'audit key' prints it. May be given more than once; default: those of this installation." placeholder:"KEY" sep:"none"`
	Older string   `arg:"" help:"File with the older checkpoint."`
	Newer string   `arg:"" optional:"" help:"File with the newer one; default: one of now."`

	Service   string `help:"Ask the service at this address instead of the data folder." placeholder:"URL"`
	TokenFile string `help:"File with a token of that service; anybody's will do." placeholder:"FILE" name:"token-file"`
}

// Validate is called by the command line's parser.
func (a auditConsistencyCmd) Validate() error {
	if (a.Service == "") != (a.TokenFile == "") {
		return errors.New("--service and --token-file belong together")
	}
	return nil
}

// Run checks that the log only grew.
func (a auditConsistencyCmd) Run(ctx context.Context, cfg *Config, c console) error {
	if a.Service != "" {
		there, err := auditedAt(ctx, a.Service, a.TokenFile)
		if err != nil {
			return err
		}
		return a.compare(there, c)
	}
	return withEngine(ctx, cfg, func(e *engine) error { return a.compare(auditedHere{ctx, e.app.Transparency}, c) })
}

// auditedLog is a log whose growth is checked: in the data folder, or behind a service.
type auditedLog interface {
	publicKeys() ([]string, error)
	checkpoint() ([]byte, error)
	tlog.TileReader
}

func (a auditConsistencyCmd) compare(log auditedLog, c console) error {
	named := a.Key
	if len(named) == 0 {
		var err error
		if named, err = log.publicKeys(); err != nil {
			return err
		}
	}
	keys, err := transparency.ParseVerifiers(named...)
	if err != nil {
		return err
	}
	older, err := checkpointIn(a.Older, keys)
	if err != nil {
		return err
	}
	newer, err := a.newer(log, keys)
	if err != nil {
		return err
	}
	if err := transparency.VerifyGrowth(older, newer, log); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "good: the log %s only grew, from %d to %d events\n", newer.Origin, older.N, newer.N)
	return nil
}

func (a auditConsistencyCmd) newer(log auditedLog, keys transparency.Verifiers) (transparency.Checkpoint, error) {
	if a.Newer != "" {
		return checkpointIn(a.Newer, keys)
	}
	signed, err := log.checkpoint()
	if err != nil {
		return transparency.Checkpoint{}, err
	}
	return transparency.OpenCheckpoint(signed, keys)
}

func checkpointIn(path string, keys transparency.Verifiers) (transparency.Checkpoint, error) {
	signed, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return transparency.Checkpoint{}, err
	}
	point, err := transparency.OpenCheckpoint(signed, keys)
	if err != nil {
		return point, fmt.Errorf("%s: %w", path, err)
	}
	return point, nil
}

// auditedHere is the log of this data folder.
type auditedHere struct {
	ctx     context.Context
	service *transparency.Service
}

func (l auditedHere) publicKeys() ([]string, error) {
	keys, err := l.service.PublicKeys(l.ctx)
	return keys.Public(), err
}

func (l auditedHere) checkpoint() ([]byte, error) {
	return l.service.Checkpoint(l.ctx, eventlog.Position{})
}

// Height implements tlog.TileReader.
func (auditedHere) Height() int { return transparency.TileHeight }

// ReadTiles implements tlog.TileReader.
func (l auditedHere) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	return each(tiles, func(t tlog.Tile) ([]byte, error) { return l.service.Tile(l.ctx, t) })
}

// SaveTiles implements tlog.TileReader: the tree is here.
func (auditedHere) SaveTiles([]tlog.Tile, [][]byte) {}

func each(tiles []tlog.Tile, read func(tlog.Tile) ([]byte, error)) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if all[i], err = read(t); err != nil {
			return nil, err
		}
	}
	return all, nil
}
