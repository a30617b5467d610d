package catalogues

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/models"
)

// Service has the use cases of this package. It is safe for concurrent use.
type Service struct {
	executor *command.Executor
	file     *catalogue.Catalogue

	mu     sync.Mutex
	known  InForce
	edits  models.State // that known rests on
	latest uuid.UUID    // id of the last event in edits
}

// New makes the service. file is the catalogue before any edit.
func New(x *command.Executor, file *catalogue.Catalogue) *Service {
	return &Service{executor: x, file: file, known: unedited(file)}
}

// InForce is a catalogue and the edit that made it what it is.
type InForce struct {
	*catalogue.Catalogue
	Revision eventlog.Revision // of the last edit; eventlog.NoStream: there is none
	Position eventlog.Position
}

func unedited(file *catalogue.Catalogue) InForce {
	return InForce{Catalogue: file, Revision: eventlog.NoStream}
}

func stream() string { return models.Aggregate.Stream(models.UID) }

// InForce is the catalogue at this moment. What was known is checked against the
// stream's last event, and only what has come since is read.
func (s *Service) InForce(ctx context.Context) (InForce, error) {
	last, edited, err := s.executor.Log.ReadLast(ctx, stream())
	if err != nil {
		return InForce{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !edited { // a log that was set back has fewer edits than were known
		s.known, s.edits, s.latest = unedited(s.file), models.State{}, uuid.Nil
		return s.known, nil
	}
	if s.latest == last.ID {
		return s.known, nil
	}
	err = s.catchUp(ctx, last)
	return s.known, err
}

// catchUp reads as far as the last event at least. It starts over where what is
// known is not a beginning of the stream.
func (s *Service) catchUp(ctx context.Context, last eventlog.Recorded) error {
	known, edits, latest := s.known, s.edits, s.latest
	if known.Revision >= last.Revision {
		known, edits, latest = unedited(s.file), models.State{}, uuid.Nil
	}
	from := max(known.Revision, 0) // the event that is known last is read again, to be compared
	for e, err := range s.executor.Log.ReadStream(ctx, stream(), from) {
		switch {
		case err != nil:
			return err
		case e.Revision > known.Revision:
			edits, latest = models.Aggregate.Evolve(edits, e.Event), e.ID
			known.Revision, known.Position = e.Revision, e.Position
		case e.ID != latest:
			s.known, s.edits, s.latest = unedited(s.file), models.State{}, uuid.Nil
			return s.catchUp(ctx, last)
		}
	}
	known.Catalogue = edits.Over(s.file)
	s.known, s.edits, s.latest = known, edits, latest
	return nil
}

// AsOf is the catalogue at an instant, by when its edits happened.
func (s *Service) AsOf(ctx context.Context, at time.Time) (InForce, error) {
	var edits models.State
	var happened time.Time
	found := unedited(s.file)
	for e, err := range s.executor.Log.ReadStream(ctx, stream(), 0) {
		if err != nil {
			return InForce{}, err
		}
		if e.Metadata.OccurredAt.After(happened) { // never before the edit before it
			happened = e.Metadata.OccurredAt
		}
		if happened.After(at) {
			break
		}
		edits = models.Aggregate.Evolve(edits, e.Event)
		found.Revision, found.Position = e.Revision, e.Position
	}
	found.Catalogue = edits.Over(s.file)
	return found, nil
}
