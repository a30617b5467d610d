package eventstoredb

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// lookingForNode is what the client says when it has lost its connection and
// starts to look for a node; the only sign it gives of it.
const lookingForNode = "starting a new discovery process"

// logClient takes the client's log lines. They repeat several times a second
// during an outage, so all but the start of a search are for debugging only.
func (s *Store) logClient(level esdb.LogLevel, format string, args ...any) {
	log := s.options.Logger
	if format == lookingForNode {
		s.metrics.reconnects.Inc()
		log.Warn("event store: connection lost, looking for a node")
		return
	}
	if ctx := context.Background(); log.Enabled(ctx, slog.LevelDebug) {
		log.Debug("event store client", "level", level, "text", fmt.Sprintf(format, args...))
	}
}
