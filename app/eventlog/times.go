package eventlog

import "time"

// There is one time for people, OccurredAt: the service's clock at the append, and
// never before the event before it in the stream. As-of, histories, replays and
// analytics go by it. The store's own RecordedAt is not used for business: a copied
// log has another one, and the sandbox clock does not move it.

// Times tells when the events of one stream happened, oldest first. Appends of
// before did not look at the event before, so the latest time so far holds.
type Times struct{ latest time.Time }

// Next is when the stream's next event happened.
func (t *Times) Next(e Recorded) time.Time {
	if at := e.Metadata.OccurredAt.UTC(); at.After(t.latest) {
		t.latest = at
	}
	return t.latest
}

// Latest is when the last of the events happened; zero without events.
func (l Loaded[S]) Latest() time.Time {
	var t Times
	for _, e := range l.Events {
		t.Next(e)
	}
	return t.latest
}

// NotBefore lets no event be stamped before an instant, that of the stream's last
// event, nor before the one in front of it.
func NotBefore(at time.Time, events ...NewEvent) []NewEvent {
	for i := range events {
		if stamp := &events[i].Metadata.OccurredAt; stamp.Before(at) {
			*stamp = at
		} else {
			at = *stamp
		}
	}
	return events
}
