package catalogues_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/eventlog/eventlogtest"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/models"
)

// settable is a log that can be set back to another one.
type settable struct{ *eventlogtest.Memory }

type noon struct{}

func (noon) Now() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

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
	log := &eventlogtest.Memory{}
	x := &command.Executor{Log: log, Clock: noon{}}
	one, other := catalogues.New(x, catalogue.Default()), catalogues.New(x, catalogue.Default())
	stream := models.Aggregate.Stream(models.UID)
	reads := func(want ...string) {
		t.Helper()
		log.Count()
		withdrawn(t, other)
		require.Equal(t, want, log.Reads())
	}
	reads(stream)
	withdraw(t, one, "RV50")
	reads(stream, stream)
	reads(stream)
}

// A log that was set back is followed, with fewer edits, others, or none.
func TestLogSetBack(t *testing.T) {
	t.Parallel()
	logOf := func(names ...string) *eventlogtest.Memory {
		log := &eventlogtest.Memory{}
		s := catalogues.New(&command.Executor{Log: log, Clock: noon{}}, catalogue.Default())
		for _, name := range names {
			withdraw(t, s, name)
		}
		return log
	}
	log := &settable{logOf()}
	s := catalogues.New(&command.Executor{Log: log, Clock: noon{}}, catalogue.Default())
	for _, names := range [][]string{{"RV50", "RV50X", "RV55"}, {"RV50"}, {"RV50X"}, {"RV55", "MP70", "MG90"}, nil, {"MP70"}} {
		log.Memory = logOf(names...)
		require.Equal(t, names, withdrawn(t, s))
		require.Equal(t, names, withdrawn(t, s))
	}
}
