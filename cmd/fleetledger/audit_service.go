package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/transparency"
)

// auditedThere is the log behind a service, by its interface.
type auditedThere struct {
	ctx        context.Context
	url, token string
	client     *http.Client
}

// tileLimit is more than any answer has that is read here.
const tileLimit = 1 << 20

func auditedAt(ctx context.Context, url, tokenFile string) (auditedThere, error) {
	token, err := os.ReadFile(tokenFile) //nolint:gosec // who calls the command names it
	if err != nil {
		return auditedThere{}, err
	}
	return auditedThere{ctx, strings.TrimSuffix(url, "/"), strings.TrimSpace(string(token)), &http.Client{Timeout: time.Minute}}, nil
}

func (l auditedThere) get(path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(l.ctx, http.MethodGet, l.url+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("--service: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	answer, err := l.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("--service: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, tileLimit))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", path, answer.Status)
	}
	return body, err
}

func (l auditedThere) publicKeys() ([]string, error) {
	body, err := l.get("/v1/audit/checkpoints?limit=1")
	if err != nil {
		return nil, err
	}
	var kept openapi.Checkpoints
	if err := json.Unmarshal(body, &kept); err != nil {
		return nil, fmt.Errorf("--service: its keys cannot be read: %w", err)
	}
	return kept.Keys, nil
}

func (l auditedThere) checkpoint() ([]byte, error) { return l.get("/v1/audit/checkpoint") }

// Height implements tlog.TileReader.
func (auditedThere) Height() int { return transparency.TileHeight }

// ReadTiles implements tlog.TileReader.
func (l auditedThere) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	height := fmt.Sprintf("tile/%d/", transparency.TileHeight) // which the paths of c2sp.org/tlog-tiles leave out
	return each(tiles, func(t tlog.Tile) ([]byte, error) {
		return l.get("/v1/audit/tiles/" + strings.TrimPrefix(t.Path(), height))
	})
}

// SaveTiles implements tlog.TileReader: nothing is kept.
func (auditedThere) SaveTiles([]tlog.Tile, [][]byte) {}
