package transparency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Scope says which events to export: those of a device, those of an account, or all.
// Those of an account are all that name it, and those of devices while they were its.
// From and To, unless zero, bound when they happened; From is in, To is not.
type Scope struct {
	Device, Account uuid.UUID
	From, To        time.Time
}

// String is how a manifest tells the scope.
func (s Scope) String() string {
	text := "all"
	switch {
	case s.Device != uuid.Nil:
		text = "device " + s.Device.String()
	case s.Account != uuid.Nil:
		text = "account " + s.Account.String()
	}
	if !s.From.IsZero() {
		text += " from " + s.From.UTC().Format(time.RFC3339Nano)
	}
	if !s.To.IsZero() {
		text += " to " + s.To.UTC().Format(time.RFC3339Nano)
	}
	return text
}

// exportLine is an event in an export.
type exportLine struct {
	Index int64           `json:"index"` // of the leaf, from 0
	Leaf  json.RawMessage `json:"leaf"`
	Proof []tlog.Hash     `json:"proof"`
}

// exportEnd is the last line of an export.
type exportEnd struct {
	Indexes    string `json:"indexes"` // of all leaves before, as 0-12,15
	Checkpoint string `json:"checkpoint"`
	Manifest   string `json:"manifest"`
}

// Exported tells of an export, while it is made and when it is done.
type Exported struct {
	Events, Read int64 // written, and looked through
	Size         int64 // leaves of the checkpoint
}

// Export writes events as NDJSON: a line each, with its proof, in log order, and last a
// line with the checkpoint and the signed manifest, which says which leaves there have
// to be. Personal data is sealed in it. Progress is told now and then.
//
// All but the operator name a device that they see, or an account in which they may read
// account and devices, and get of it what they see whole: an event that tells of another
// account, as of where a device came from, is left out.
func (s *Service) Export(ctx context.Context, caller access.Caller, w io.Writer, scope Scope, progress func(Exported)) (Exported, error) {
	sees, err := s.exporting(ctx, caller, scope)
	if err != nil {
		return Exported{}, err
	}
	c, signed, err := s.sign(ctx, eventlog.Position{})
	if err != nil {
		return Exported{}, err
	}
	x := &export{
		out: json.NewEncoder(w), hashes: hashesOf(ctx, s.Tree, c.N), checkpoint: c, scope: scope, told: Exported{Size: c.N},
		owners: map[string]uuid.UUID{}, sees: sees,
	}
	x.out.SetEscapeHTML(false)
	if scope.Device != uuid.Nil {
		err = x.stream(ctx, s, device.Aggregate.Stream(scope.Device))
	} else {
		err = x.all(ctx, s, progress)
	}
	if err != nil {
		return x.told, err
	}
	keys, err := s.PublicKeys(ctx)
	if err != nil {
		return x.told, err
	}
	return x.told, x.end(keys, signed)
}

// mayExport checks that there is an account and that the caller may read it whole.
func (s *Service) mayExport(ctx context.Context, req *access.Request, uid uuid.UUID) error {
	for _, right := range []rights.Right{rights.AccountRead, rights.DevicesRead} {
		if err := req.Require(ctx, uid, right); err != nil {
			return err
		}
	}
	found, err := req.Owners(ctx, []uuid.UUID{uid})
	if err == nil && found[uid].Status == "" {
		err = query.ErrNotFound
	}
	return err
}

type export struct {
	out        *json.Encoder
	hashes     *hashes
	checkpoint Checkpoint
	scope      Scope
	owners     map[string]uuid.UUID // of devices, by stream
	sees       seeing
	indexes    ranges
	told       Exported
}

// seeing reports whether an event of a stream is seen whole; before and after are the
// accounts that had the device, none of other streams.
type seeing func(stream string, before, after uuid.UUID) (bool, error)

// exporting checks what a caller may export, and tells what of it the caller sees.
func (s *Service) exporting(ctx context.Context, caller access.Caller, scope Scope) (seeing, error) {
	req := s.access.Request(caller)
	switch {
	case scope.Device != uuid.Nil:
		if _, err := req.Device(ctx, scope.Device.String(), rights.DevicesRead); err != nil {
			return nil, err
		}
	case scope.Account != uuid.Nil:
		if err := s.mayExport(ctx, req, scope.Account); err != nil {
			return nil, err
		}
	case !caller.Operator():
		return nil, &access.Forbidden{Right: rights.OperationsRead}
	}
	if caller.Operator() {
		return func(string, uuid.UUID, uuid.UUID) (bool, error) { return true, nil }, nil
	}
	own := account.Aggregate.Stream(scope.Account)
	return func(stream string, before, after uuid.UUID) (bool, error) {
		if !strings.HasPrefix(stream, device.Aggregate.Prefix()) {
			return stream == own, nil
		}
		sees, err := req.Sees(ctx, []uuid.UUID{before, after})
		return err == nil && (before == uuid.Nil || sees(before)) && (after == uuid.Nil || sees(after)), err
	}, nil
}

// stream exports one stream.
func (x *export) stream(ctx context.Context, s *Service, stream string) error {
	for e, err := range s.Log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return err
		}
		leaf, err := s.Tree.Leaf(ctx, e.ID)
		if err != nil {
			return err
		}
		x.told.Read++
		if leaf.N >= x.checkpoint.N {
			return nil
		}
		if err := x.consider(e, leaf.N); err != nil {
			return err
		}
	}
	return nil
}

// consider adds an event that the export is about and that is seen.
func (x *export) consider(e eventlog.Recorded, n int64) error {
	before, after := x.moved(e)
	if !x.concerns(e, before, after) {
		return nil
	}
	seen, err := x.sees(e.Stream, before, after)
	if err != nil || !seen {
		return err
	}
	return x.add(e, n)
}

// all exports from the whole log.
func (x *export) all(ctx context.Context, s *Service, progress func(Exported)) error {
	for e, err := range s.Log.ReadAll(ctx, eventlog.Position{}, eventlog.Everything...) {
		if err != nil {
			return err
		}
		if e.Stream == eventlog.IdentityStream {
			continue
		}
		if x.told.Read == x.checkpoint.N {
			return nil
		}
		if err := x.consider(e, x.told.Read); err != nil {
			return err
		}
		if x.told.Read++; x.told.Read%10_000 == 0 {
			progress(x.told)
		}
	}
	if x.told.Read < x.checkpoint.N {
		return fmt.Errorf("the log ends after %d of %d events", x.told.Read, x.checkpoint.N)
	}
	return nil
}

// moved is the accounts that had the device before and after an event, none of other
// streams.
func (x *export) moved(e eventlog.Recorded) (before, after uuid.UUID) {
	if !strings.HasPrefix(e.Stream, device.Aggregate.Prefix()) {
		return before, after
	}
	before = x.owners[e.Stream]
	after = ownerAfter(before, e.Event.EventType(), e.Event.(eventlog.Sealed).Data)
	x.owners[e.Stream] = after
	return before, after
}

// concerns tells whether an event is of the account.
func (x *export) concerns(e eventlog.Recorded, before, after uuid.UUID) bool {
	id := x.scope.Account
	return id == uuid.Nil || before == id || after == id ||
		strings.HasSuffix(e.Stream, id.String()) || bytes.Contains(e.Event.(eventlog.Sealed).Data, []byte(id.String()))
}

// ownerAfter is the account that has a device after an event.
func ownerAfter(before uuid.UUID, name string, data []byte) uuid.UUID {
	var moved struct{ Account, To uuid.UUID }
	switch name {
	case device.Registered{}.EventType(), device.Transferred{}.EventType(), device.TransferReversed{}.EventType():
		if err := json.Unmarshal(data, &moved); err != nil {
			return before
		}
		if moved.To != uuid.Nil {
			return moved.To
		}
		return moved.Account
	}
	return before
}

func (x *export) add(e eventlog.Recorded, n int64) error {
	if !x.scope.From.IsZero() || !x.scope.To.IsZero() {
		var m eventlog.Metadata
		if err := json.Unmarshal(e.Event.(eventlog.Sealed).Metadata, &m); err != nil {
			return fmt.Errorf("event %d of %s: when it happened: %w", e.Revision, e.Stream, err)
		}
		if m.OccurredAt.Before(x.scope.From) || !x.scope.To.IsZero() && !m.OccurredAt.Before(x.scope.To) {
			return nil
		}
	}
	leaf, err := e.Leaf()
	if err != nil {
		return err
	}
	proof, err := prove(x.checkpoint, n, x.hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, x.checkpoint.N, x.checkpoint.Hash, n, tlog.RecordHash(leaf)); err != nil {
		return fmt.Errorf("event %d of %s is not what it was when the tree was made: leaf %d: %w", e.Revision, e.Stream, n, err)
	}
	x.indexes.add(n)
	x.told.Events++
	return x.out.Encode(exportLine{Index: n, Leaf: leaf, Proof: proof})
}

// manifestHead is the first line of a manifest, which tells it from a checkpoint.
const manifestHead = "fleetledger.export/v1"

func (x *export) end(keys Keys, checkpoint []byte) error {
	end := exportEnd{Indexes: x.indexes.String(), Checkpoint: string(checkpoint)}
	signed, err := keys.sign(manifestText(x.checkpoint, x.scope.String(), x.told.Events, end.Indexes, keys.signing()))
	if err != nil {
		return fmt.Errorf("sign the manifest: %w", err)
	}
	end.Manifest = string(signed)
	return x.out.Encode(end)
}

// manifestLines is how many lines a manifest has before its keys.
const manifestLines = 7

// manifestText is what a manifest says: last the public keys that it is signed with, for
// whoever has none to compare them with yet.
func manifestText(c Checkpoint, scope string, events int64, indexes string, keys []string) string {
	sum := sha256.Sum256([]byte(indexes))
	return fmt.Sprintf("%s\n%s\n%s\n%d\n%s\n%d\n%s\n%s\n", manifestHead, c.Origin, scope, events, hex.EncodeToString(sum[:]), c.N, c.Hash,
		strings.Join(keys, "\n"))
}
