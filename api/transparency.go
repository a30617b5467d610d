package api

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transparency"
)

func (h handlers) GetCheckpoint(ctx context.Context, r openapi.GetCheckpointRequestObject) (openapi.GetCheckpointResponseObject, error) {
	var in reading
	reached := in.freshness(time.Time{}, r.Params.MinPosition, nil).MinPosition
	if err := in.err(); err != nil {
		return nil, err
	}
	signed, err := h.App.Transparency.Checkpoint(ctx, reached)
	if err != nil {
		return nil, err
	}
	return openapi.GetCheckpoint200TextResponse(signed), nil
}

func (h handlers) ListCheckpoints(ctx context.Context, r openapi.ListCheckpointsRequestObject) (openapi.ListCheckpointsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, []string{"signedAt"})
	if err := in.err(); err != nil {
		return nil, err
	}
	keys, err := h.App.Transparency.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	found, err := h.App.Transparency.Checkpoints(ctx, page)
	if err != nil {
		return nil, err
	}
	return openapi.ListCheckpoints200JSONResponse{
		Origin: keys.Origin, Keys: keys.Public(), NextCursor: present(found.NextCursor), Total: found.Total,
		Items: list(found.Items, func(k ports.KeptCheckpoint) openapi.Checkpoint {
			return openapi.Checkpoint{Size: k.Size, Note: k.Note, SignedAt: k.SignedAt.UTC()}
		}),
	}, nil
}

func (h handlers) GetTile(ctx context.Context, r openapi.GetTileRequestObject) (openapi.GetTileResponseObject, error) {
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", transparency.TileHeight, strings.ReplaceAll(r.Tile, tileSlash, "/")))
	if err != nil || t.L < 0 {
		return nil, query.ErrNotFound
	}
	data, err := h.App.Transparency.Tile(ctx, t)
	if err != nil {
		return nil, err
	}
	return openapi.GetTile200ApplicationoctetStreamResponse{Body: bytes.NewReader(data), ContentLength: int64(len(data))}, nil
}

func (h handlers) GetEventProof(ctx context.Context, r openapi.GetEventProofRequestObject) (openapi.GetEventProofResponseObject, error) {
	var in reading
	reached := in.freshness(time.Time{}, r.Params.MinPosition, nil).MinPosition
	if err := in.err(); err != nil {
		return nil, err
	}
	proof, err := h.App.Transparency.Proof(ctx, callOf(ctx).caller, r.Id, reached)
	if err != nil {
		return nil, err
	}
	return openapi.GetEventProof200TextResponse(proof), nil
}
