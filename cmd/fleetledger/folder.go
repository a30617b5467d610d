package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// attachService is attachStores for commands that are nothing without a service:
// they make none where there is none.
func attachService(ctx context.Context, c *Config, logger *slog.Logger) (*stores, error) {
	if err := holdsService(c); err != nil {
		return nil, err
	}
	return attachStores(ctx, c, logger)
}

// holdsService refuses a data folder in which no serve has ever kept what it does
// not keep elsewhere.
func holdsService(c *Config) error {
	here := c.DatabaseURL == "" || c.EventstoreURL == "" || c.PersonKey == ""
	if !here {
		return nil // nothing that these commands need is in it
	}
	info, err := os.Stat(c.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the data folder %s does not exist; %s", c.DataDir, nameFolder)
	case err != nil:
		return fmt.Errorf("the data folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is no folder; %s", c.DataDir, nameFolder)
	}
	holds := exists(c.DataDir, "node") || exists(c.DataDir, "person-key")
	if c.DatabaseURL == "" {
		holds = private.Exists(c.DataDir)
	}
	if !holds {
		return fmt.Errorf("the data folder %s holds no service; %s", c.DataDir, nameFolder)
	}
	return nil
}

const nameFolder = "--data-dir names the one of a service"

func exists(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}
