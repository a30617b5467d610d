package api_test

import (
	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api"
)

// What is plugged into the ports.
var (
	_ api.Authenticator   = (*identity.Tokens)(nil)
	_ api.IdempotencyKeys = (*postgres.IdempotencyKeys)(nil)
)
