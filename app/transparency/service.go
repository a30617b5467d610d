package transparency

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Options are what a Service needs.
type Options struct {
	Tree query.Tree
	Log  eventlog.SealedLog
	Keys ports.CheckpointKeys
	Kept ports.Checkpoints
}

// Service has the use cases of this package. It is safe for concurrent use.
type Service struct {
	Options
	access  *access.Control
	devices *devices.Service
	feed    *feed.Service
}

// New makes the service.
func New(a *access.Control, d *devices.Service, f *feed.Service, o Options) *Service {
	return &Service{o, a, d, f}
}

// keepEvery is how far apart checkpoints are that are kept because somebody asked.
const keepEvery = time.Minute

// Checkpoint is a signed checkpoint of the tree as it is once it has come to a
// position. Anybody who may call the service may have it: it tells of no event.
func (s *Service) Checkpoint(ctx context.Context, p eventlog.Position) ([]byte, error) {
	_, signed, err := s.sign(ctx, p)
	return signed, err
}

// KeepCheckpoint keeps a checkpoint of the tree as it is, unless the last one says the
// same.
func (s *Service) KeepCheckpoint(ctx context.Context) error {
	c, signed, err := s.sign(ctx, eventlog.Position{})
	if errors.Is(err, query.ErrNotCaughtUp) || err == nil && c.N == 0 {
		return nil // it is being filled
	}
	if err != nil {
		return err
	}
	return s.Kept.Keep(ctx, c.N, string(signed))
}

// Checkpoints is a page of those that were kept, the newest first.
func (s *Service) Checkpoints(ctx context.Context, p query.Page) (query.List[ports.KeptCheckpoint], error) {
	return s.Kept.List(ctx, p)
}

// PublicKeys are the keys that checkpoints verify with, the one in force first.
func (s *Service) PublicKeys(ctx context.Context) (Keys, error) {
	seeds, err := s.Keys.CheckpointKeys(ctx)
	if err != nil {
		return Keys{}, err
	}
	return NewKeys(seeds)
}

// sign gives a checkpoint and its signed form: the last that was kept, where nothing
// has happened since.
func (s *Service) sign(ctx context.Context, p eventlog.Position) (Checkpoint, []byte, error) {
	keys, err := s.PublicKeys(ctx)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	size, err := s.Tree.Size(ctx, p)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	c := Checkpoint{Origin: keys.Origin, Tree: tlog.Tree{N: size}}
	if c.Hash, err = tlog.TreeHash(size, hashesOf(ctx, s.Tree, size)); err != nil {
		return c, nil, fmt.Errorf("root of %d leaves: %w", size, err)
	}
	last, err := s.Kept.Latest(ctx)
	if err != nil && !errors.Is(err, query.ErrNotFound) {
		return c, nil, err
	}
	if err == nil && last.Size == size {
		inForce, err := ParseVerifiers(keys.Public()[0])
		if err != nil {
			return c, nil, err
		}
		if same, err := OpenCheckpoint([]byte(last.Note), inForce); err == nil && same == c {
			return c, []byte(last.Note), nil
		}
	}
	signed, err := keys.sign(c.text())
	if err != nil {
		return c, nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	if size > 0 && (last.Note == "" || last.Age >= keepEvery) {
		err = s.Kept.Keep(ctx, size, string(signed))
	}
	return c, signed, err
}

// Tile is the hashes of a tile by c2sp.org/tlog-tiles; query.ErrNotFound where the tree
// has less of it. It tells of no event either.
func (s *Service) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	all, err := s.Tree.Tiles(ctx, []tlog.Tile{t})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Proof proves that an event is in the log, by c2sp.org/tlog-proof, under a checkpoint
// of now. It is query.ErrNotFound for whoever does not see the event.
func (s *Service) Proof(ctx context.Context, caller access.Caller, event uuid.UUID, p eventlog.Position) ([]byte, error) {
	c, signed, err := s.sign(ctx, p)
	if err != nil {
		return nil, err
	}
	leaf, err := s.Tree.Leaf(ctx, event)
	if err != nil {
		return nil, err
	}
	if err := s.sees(ctx, caller, event, leaf.Stream); err != nil {
		return nil, err
	}
	if leaf.N >= c.N { // appended in between
		if c, signed, err = s.sign(ctx, p); err != nil {
			return nil, err
		}
	}
	proof, err := prove(c, leaf.N, hashesOf(ctx, s.Tree, c.N))
	if err != nil {
		return nil, err
	}
	return formatProof(leaf.N, proof, signed), nil
}

// prove makes a proof and checks it: one that does not hold, of hashes that were
// damaged, is not handed out.
func prove(c Checkpoint, n int64, hashes *hashes) (tlog.RecordProof, error) {
	proof, err := tlog.ProveRecord(c.N, n, hashes)
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d of %d: %w", n, c.N, err)
	}
	leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(proof, c.N, c.Hash, n, leaf[0]); err != nil {
		return nil, fmt.Errorf("the tree's hashes are damaged (projections rebuild transparency): leaf %d: %w", n, err)
	}
	return proof, nil
}

// sees is query.ErrNotFound unless the caller sees the event: in the history of the device
// or the account that it is of, or in the feed.
func (s *Service) sees(ctx context.Context, caller access.Caller, event uuid.UUID, stream string) error {
	if caller.Operator() {
		return nil
	}
	if uid, ok := strings.CutPrefix(stream, device.Aggregate.Prefix()); ok {
		history, err := s.devices.History(ctx, caller, uid)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(history, func(i devices.HistoryItem) bool { return i.ID == event && !i.Redacted }) {
			return nil
		}
	}
	if uid, err := uuid.Parse(strings.TrimPrefix(stream, account.Aggregate.Prefix())); err == nil {
		return s.access.Request(caller).Require(ctx, uid, rights.AccountRead)
	}
	told, err := s.feed.Tells(ctx, caller, event)
	if err == nil && !told {
		err = query.ErrNotFound
	}
	return err
}
