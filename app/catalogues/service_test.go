package catalogues_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/models"
)

// newLog is a log of its own on the embedded node.
func newLog(t *testing.T) eventlog.Log {
	t.Helper()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{SocketPath: node.SocketPath()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// settable is a log that can be set back to another one.
type settable struct{ eventlog.Log }

// counting counts the reads of a log.
type counting struct {
	eventlog.Log
	reads []string
}

func (c *counting) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	c.reads = append(c.reads, "stream "+stream)
	return c.Log.ReadStream(ctx, stream, from)
}

func (c *counting) ReadLast(ctx context.Context, stream string) (eventlog.Recorded, bool, error) {
	c.reads = append(c.reads, "last of "+stream)
	return c.Log.ReadLast(ctx, stream)
}

func withdraw(t *testing.T, s *catalogues.Service, name string) {
	t.Helper()
	operator := access.Caller{Actor: domain.Actor{Kind: domain.ActorOperator, ID: "operator"}}
	c := catalogues.Withdraw{Edit: catalogues.Edit{Command: command.Command{ID: uuid.New()}}, Model: name}
	_, err := s.Withdraw(t.Context(), operator, c)
	require.NoError(t, err)
}

func withdrawn(t *testing.T, s *catalogues.Service) (names []string) {
	t.Helper()
	found, err := s.InForce(context.WithoutCancel(t.Context()))
	require.NoError(t, err)
	for _, m := range found.Models() {
		if m.Withdrawn {
			names = append(names, m.Name)
		}
	}
	require.Equal(t, eventlog.Revision(len(names)-1), found.Revision)
	return names
}

// Asking costs one read of the log while nothing has changed.
func TestReads(t *testing.T) {
	t.Parallel()
	log := &counting{Log: newLog(t)}
	x := &command.Executor{Log: log, Clock: clocktest.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))}
	one, other := catalogues.New(x, catalogue.Default()), catalogues.New(x, catalogue.Default())
	stream := models.Aggregate.Stream(models.UID)
	reads := func(want ...string) {
		t.Helper()
		log.reads = nil
		withdrawn(t, other)
		require.Equal(t, want, log.reads)
	}
	reads("last of " + stream)
	withdraw(t, one, "RV50")
	reads("last of "+stream, "stream "+stream)
	reads("last of " + stream)
}

// A log that was set back is followed, with fewer edits, others, or none.
func TestLogSetBack(t *testing.T) {
	t.Parallel()
	logOf := func(names ...string) eventlog.Log {
		log := newLog(t)
		s := catalogues.New(&command.Executor{Log: log, Clock: clocktest.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))}, catalogue.Default())
		for _, name := range names {
			withdraw(t, s, name)
		}
		return log
	}
	log := &settable{logOf()}
	s := catalogues.New(&command.Executor{Log: log, Clock: clocktest.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))}, catalogue.Default())
	for _, names := range [][]string{{"RV50", "RV50X", "RV55"}, {"RV50"}, {"RV50X"}, {"RV55", "MP70", "MG90"}, nil, {"MP70"}} {
		log.Log = logOf(names...)
		require.Equal(t, names, withdrawn(t, s))
		require.Equal(t, names, withdrawn(t, s))
	}
}
