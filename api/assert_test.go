package api_test

import (
	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app"
)

// What is plugged into the ports.
var (
	_ api.App             = (*app.App)(nil)
	_ api.Authenticator   = (*identity.Tokens)(nil)
	_ api.IdempotencyKeys = (*postgres.IdempotencyKeys)(nil)
)
