package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Media types of the feed.
const (
	eventBatch  = "application/cloudevents-batch+json"
	eventStream = "text/event-stream"
)

const (
	eventsAtOnce = 100
	// streamTime is how long a stream of events lasts. Whoever reads it connects again:
	// who may call is looked at anew then.
	streamTime = time.Minute
	// breathTime is how often a stream in which nothing happens says that it is there.
	breathTime = 15 * time.Second
	// gatherTime lets events that happen together come together.
	gatherTime = 50 * time.Millisecond
)

func (h handlers) ReadEvents(ctx context.Context, r openapi.ReadEventsRequestObject) (openapi.ReadEventsResponseObject, error) {
	var in reading
	q := feed.Query{Types: valueOf(r.Params.Type), Account: valueOf(r.Params.Account), Limit: eventsAtOnce, MinPosition: in.minPosition(r.Params.MinPosition)}
	if r.Params.Limit != nil {
		q.Limit = *r.Params.Limit
	}
	if r.Params.LastEventID != nil {
		q.After = *r.Params.LastEventID
	}
	if r.Params.LastEventId != nil {
		q.After = *r.Params.LastEventId
	}
	recorded, fallenDue := feed.Types()
	for i, name := range q.Types {
		if _, told := recorded[name]; !told && fallenDue[name].Name() == "" {
			in.wrong("#/query/type/"+strconv.Itoa(i), codeInvalidValue, "There is no such type of event; /asyncapi.json has them.")
		}
	}
	if r.Params.Device != nil {
		uid, ok := device.Named(*r.Params.Device)
		if !ok {
			in.wrong("#/query/device", codeInvalidFormat, "The parameter must be a device's UID or serial number.")
		}
		q.Device = uid
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	opened, err := h.App.Feed.Open(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	if accepts(callOf(ctx).accept, eventBatch, eventStream) == eventStream {
		return streamed{ctx, h, opened}, nil
	}
	patience := time.Duration(valueOf(r.Params.Timeout)) * time.Millisecond
	events, err := h.nextEvents(ctx, opened, patience)
	return batched{h, opened, events}, err
}

// nextEvents are the next events of a reading, or none after the patience with which they
// are waited for.
func (h handlers) nextEvents(ctx context.Context, r *feed.Reading, patience time.Duration) ([]feed.Event, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stop := context.AfterFunc(h.stopping, cancel)
	defer stop()
	for {
		events, err := r.Next(ctx)
		if len(events) > 0 || err != nil || waiting.Err() != nil {
			return events, err
		}
		err = Aside(ctx, func() error {
			if err := r.Wait(waiting); err != nil {
				return nil //nolint:nilerr // the patience is over; what there is is looked at once more
			}
			pause(waiting, gatherTime)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
}

// pause waits, less where the context ends before.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// batched is a part of the feed.
type batched struct {
	handlers
	reading *feed.Reading
	events  []feed.Event
}

// VisitReadEventsResponse writes it.
func (b batched) VisitReadEventsResponse(w http.ResponseWriter) error {
	body, err := json.Marshal(list(b.events, b.cloudEvent))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", eventBatch)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Position", b.reading.Position().String())
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(body)
	return err
}

// streamed is the feed as it goes on.
type streamed struct {
	ctx context.Context //nolint:containedctx // of the request that it answers
	handlers
	reading *feed.Reading
}

// VisitReadEventsResponse writes events until the stream's time is over. What goes wrong
// ends it: whoever reads goes on behind the last event that came.
func (s streamed) VisitReadEventsResponse(w http.ResponseWriter) error {
	ctx, cancel := context.WithTimeout(s.ctx, streamTime)
	defer cancel()
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	write := func(text string) error {
		if _, err := fmt.Fprint(w, text); err != nil {
			return err
		}
		return out.Flush()
	}
	if err := write("retry: 1000\n\n"); err != nil {
		return err
	}
	for ctx.Err() == nil && s.stopping.Err() == nil {
		events, err := s.nextEvents(ctx, s.reading, breathTime)
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, e := range events {
			body, err := json.Marshal(s.cloudEvent(e))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", e.ID, e.Type, body); err != nil {
				return err
			}
		}
		if err := write(map[bool]string{true: ":\n\n"}[len(events) == 0]); err != nil {
			return err
		}
	}
	return nil
}

// eventsPath is where the feed is.
const eventsPath = "/v1/events"

// EncodeEvents encodes events as the feed has them.
func EncodeEvents(publicURL string, epoch eventlog.Epoch) func(feed.Event) ([]byte, error) {
	h := handlers{&Server{Options: Options{PublicURL: publicURL, Epoch: epoch}}}
	return func(e feed.Event) ([]byte, error) { return json.Marshal(h.cloudEvent(e)) }
}

// cloudEvent is an event in the form of CloudEvents 1.0.
func (h handlers) cloudEvent(e feed.Event) openapi.CloudEvent {
	shown := openapi.CloudEvent{
		Specversion: openapi.N10, Id: e.ID, Source: h.PublicURL + eventsPath, Type: e.Type, Subject: e.Subject, Time: e.At,
		Datacontenttype: openapi.Applicationjson,
		Dataschema:      h.PublicURL + "/asyncapi.json#/components/schemas/" + e.Type, Schemaversion: e.Version,
		Position: h.Epoch.Position(e.Position), Actorkind: string(e.Actor.Kind), Actorid: present(e.Actor.ID), Actoraccount: present(e.Actor.Account),
		Account: present(e.Account), Device: present(e.Device), Reason: present(e.Reason),
		Correlationid: present(e.CorrelationID), Causationid: present(e.CausationID), Redacted: present(e.Redacted), Computed: present(e.Computed), Data: e.Data,
	}
	if e.Revision >= 0 {
		shown.Revision = new(int64(e.Revision))
	}
	return shown
}
