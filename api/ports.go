package api

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Authenticator finds the caller of a bearer token. A token that is not known,
// or no longer usable, is identity.ErrUnknownToken.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (access.Caller, error)
}

// IdempotencyKeys remembers the answers to writes that carried a key.
type IdempotencyKeys interface {
	Begin(context.Context, postgres.KeyedRequest) (postgres.Claim, *postgres.Answer, error)
	// Hold keeps a claim from being taken over until stop is called.
	Hold(context.Context, postgres.Claim) (stop func())
	Finish(context.Context, postgres.Claim, postgres.Answer) error
	Abandon(context.Context, postgres.Claim) error
}

// ProjectionStatus is the progress of a read model, or of a process that
// follows the log.
type ProjectionStatus struct {
	Name      string
	Version   int
	State     string // running, filling, stopped, waiting, refused
	Position  eventlog.Position
	LagEvents int64         // still to come, where counting ends early at least so many
	Lag       time.Duration // age of the oldest of them
	UpdatedAt time.Time     // zero: never
	Error     string        // what stopped it
	LastError string        // the same, also when it runs again
	FailedAt  time.Time     // of LastError
	Size      int64         // bytes of its rows and indexes; a reaction has none
}

// Check is one thing the service needs to be ready. Detail is shown to
// anybody: no addresses, no SQL.
type Check struct {
	Name   string
	OK     bool
	Detail string // for everybody
	Why    string // for the operator alone: it may have errors in it; empty: there is no more
}

// Service reports the state of the service itself.
type Service interface {
	// Ready checks the stores and the read models, within the context's deadline.
	Ready(context.Context) []Check
	Projections(context.Context) ([]ProjectionStatus, error)
}
