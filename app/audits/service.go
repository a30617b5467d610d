package audits

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/audit"
)

// DefaultLife is how long an audit grant lasts at most.
const DefaultLife = 366 * 24 * time.Hour

// Service carries out the use cases. It is safe for concurrent use.
type Service struct {
	executor *command.Executor
	access   *access.Control
	reader   query.Reader
	tokens   access.Tokens
	life     time.Duration
}

// New makes a service. life is how long a grant lasts at most; zero: DefaultLife.
func New(x *command.Executor, a *access.Control, reader query.Reader, tokens access.Tokens, life time.Duration) *Service {
	return &Service{executor: x, access: a, reader: reader, tokens: tokens, life: cmp.Or(life, DefaultLife)}
}

func (s *Service) load(ctx context.Context, uid uuid.UUID) (eventlog.Loaded[audit.State], error) {
	return eventlog.Load(ctx, s.executor.Log, audit.Aggregate, uid)
}
