package batch

import "github.com/fleetledger/fleetledger/domain"

// DecideAbandon decides to undo a batch that was not committed. It never refuses.
func DecideAbandon(s State) ([]domain.Event, error) {
	if s.Phase != Started {
		return nil, nil
	}
	return []domain.Event{BatchAbandoned{Batch: s.UID}}, nil
}

// DecideComplete decides that a committed batch has all its changes appended. It
// never refuses.
func DecideComplete(s State) ([]domain.Event, error) {
	if s.Phase != Committed {
		return nil, nil
	}
	return []domain.Event{BatchCompleted{Batch: s.UID}}, nil
}
