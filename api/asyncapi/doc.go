// Package asyncapi owns the description of the feed of events, /v1/events, in the form of
// AsyncAPI 3.0.0. Nothing of it is written by hand but the frame: what an event has in it
// follows from its Go type, and what is said about it is the first sentence of the type's
// comment. So the description cannot differ from what is given out.
//
// It is written from the side of the service: it sends.
package asyncapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"github.com/fleetledger/fleetledger/domain/codec"
)

//go:generate go run ./docs

// Event is a type of events that the feed has.
type Event struct {
	Name    string
	Version int          // the schema version that is given out
	Type    reflect.Type // whose JSON is the event's data
	// Computed events are in no log: what they say follows from dates.
	Computed bool
	Doc      string // a sentence; the comment of the type, where it is empty
}

// Recorded are the events of a registry, by name.
func Recorded(registry codec.Registry) []Event {
	events := make([]Event, 0, len(registry))
	for _, t := range registry.Types() {
		events = append(events, Event{Name: t.Name(), Version: t.Version(), Type: t.Event()})
	}
	return events
}

// docs.gen.json has the first sentence of the comment of each type, by package and name.
//
//go:embed docs.gen.json
var docsFile []byte

var docs = sync.OnceValues(func() (map[string]string, error) {
	var sentences map[string]string
	if err := json.Unmarshal(docsFile, &sentences); err != nil {
		return nil, fmt.Errorf("asyncapi: docs.gen.json: %w", err)
	}
	return sentences, nil
})
