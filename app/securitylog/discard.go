package securitylog

import (
	"context"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// Discard is a log that keeps nothing.
type Discard struct{}

var _ ports.SecurityLog = Discard{}

// Note forgets the entry.
func (Discard) Note(context.Context, ports.SecurityEntry) {}

// Record forgets the entries.
func (Discard) Record(context.Context, []ports.SecurityEntry) error { return nil }

// Entries has none.
func (Discard) Entries(context.Context, ports.SecurityQuery) (query.List[ports.SecurityEntry], error) {
	return query.List[ports.SecurityEntry]{}, nil
}
