package eventstoredb

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// lost counts and tells that calls go on with another connection.
func (s *Store) lost() {
	s.metrics.reconnects.Inc()
	s.options.Logger.Warn("event store: connection lost, looking for a node")
}

// logClient takes the client's log lines. They repeat several times a second
// during an outage, so they are for debugging only.
func (s *Store) logClient(level esdb.LogLevel, format string, args ...any) {
	log := s.options.Logger
	if ctx := context.Background(); log.Enabled(ctx, slog.LevelDebug) {
		log.Debug("event store client", "level", level, "text", fmt.Sprintf(format, args...))
	}
}
