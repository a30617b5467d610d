package transfers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// entries are how a request stands in the record: as a transfer, or as a
// reversal.
type entries interface {
	// id is that of the event that begins the request. The same request with the
	// same command has the same id.
	id(command.Env) uuid.UUID
	// requested begins the request, or goes on with a long one; first is the
	// index of its first device.
	requested(first int) domain.Event
	// items are the devices that the record has so far.
	items(transfer.State) []transfer.Item
	carriedOut([]transfer.Moved) domain.Event
	refused([]transfer.Refusal) domain.Event
}

// transferEntries are those of a transfer. A long one takes several requests
// under one id.
type transferEntries struct {
	transfer.TransferRequested
	names []string // of the devices, whole
}

func (e transferEntries) id(env command.Env) uuid.UUID {
	sum := sha256.New()
	for _, name := range e.names {
		fmt.Fprintf(sum, "%q", name)
	}
	return env.Derive("requested " + hex.EncodeToString(sum.Sum(nil)))
}

func (e transferEntries) requested(first int) domain.Event {
	e.First = first
	return e.TransferRequested
}

func (e transferEntries) items(s transfer.State) []transfer.Item { return s.Items }

func (e transferEntries) carriedOut(moved []transfer.Moved) domain.Event {
	return transfer.TransferCarriedOut{Transfer: e.Transfer, Devices: moved}
}

func (e transferEntries) refused(refusals []transfer.Refusal) domain.Event {
	return transfer.TransferRefused{Transfer: e.Transfer, Devices: refusals}
}

// reversalEntries are those of a reversal, which is one request.
type reversalEntries struct{ transfer.ReversalRequested }

func (e reversalEntries) id(env command.Env) uuid.UUID { return env.Derive("reversal requested") }

func (e reversalEntries) requested(int) domain.Event { return e.ReversalRequested }

func (e reversalEntries) items(s transfer.State) []transfer.Item {
	i := slices.IndexFunc(s.Reversals, func(r transfer.Reversal) bool { return r.UID == e.Reversal })
	if i < 0 {
		return nil
	}
	return s.Reversals[i].Items
}

func (e reversalEntries) carriedOut(moved []transfer.Moved) domain.Event {
	back := make([]uuid.UUID, len(moved))
	for i, m := range moved {
		back[i] = m.Device
	}
	return transfer.ReversalCarriedOut{Transfer: e.Transfer, Reversal: e.Reversal, Devices: back}
}

func (e reversalEntries) refused(refusals []transfer.Refusal) domain.Event {
	return transfer.ReversalRefused{Transfer: e.Transfer, Reversal: e.Reversal, Devices: refusals}
}

// maxRecordedName is longer than any name a device can have.
const maxRecordedName = 100

// named is how the record has the devices of a request.
func named(names []string) []transfer.Named {
	all := make([]transfer.Named, len(names))
	for i, name := range names {
		all[i].Name = name
		if runes := []rune(name); len(runes) > maxRecordedName {
			all[i].Name = string(runes[:maxRecordedName])
		}
		if uid, ok := device.Named(name); ok {
			all[i].Device = uid
		}
	}
	return all
}
