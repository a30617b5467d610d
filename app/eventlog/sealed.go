package eventlog

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Sealed is an event as the log keeps it: the bytes of its data, in which personal
// data is sealed, and of its metadata. Whoever proves or copies a log reads events so:
// it needs no keys, and no event is unknown to it.
type Sealed struct {
	Name           string
	ContentType    string // of the data, in the store's words; no part of a leaf
	Data, Metadata []byte
}

// SealedLog reads events as the log keeps them, see Log.
type SealedLog interface {
	ReadStream(ctx context.Context, stream string, from Revision) iter.Seq2[Recorded, error]
	ReadAll(ctx context.Context, after Position, prefixes ...string) iter.Seq2[Recorded, error]
}

// EventType is the name in the log.
func (s Sealed) EventType() string { return s.Name }

// Everything are prefixes of the names of all streams but the store's own, whose
// names begin with a dollar sign.
var Everything = everything()

func everything() []string {
	var all []string
	for _, letters := range []string{"az", "AZ", "09"} {
		for c := letters[0]; c <= letters[1]; c++ {
			all = append(all, string(c))
		}
	}
	return all
}

// leaf has the members of the canonical form.
type leaf struct {
	Stream         string          `json:"stream"`
	Revision       Revision        `json:"revision"`
	ID             uuid.UUID       `json:"id"`
	Type           string          `json:"type"`
	Data           json.RawMessage `json:"data,omitempty"`
	DataBase64     []byte          `json:"dataBase64,omitempty"`
	Metadata       json.RawMessage `json:"metadata,omitempty"`
	MetadataBase64 []byte          `json:"metadataBase64,omitempty"`
}

// Leaf is the canonical form of an event, which proofs are about: a JSON object in the
// form of RFC 8785, except that integers of any size stay as they are, with the members
// stream, revision, id, type, data and metadata. Data or metadata that is no JSON is
// dataBase64 or metadataBase64 instead; what is empty is left out. The store's own
// positions and times are not in it, so that a copy of the log has the same leaves.
func (r Recorded) Leaf() ([]byte, error) {
	s, ok := r.Event.(Sealed)
	if !ok {
		return nil, fmt.Errorf("event %d of %s: a leaf is made of an event as the log keeps it, not of %T", r.Revision, r.Stream, r.Event)
	}
	l := leaf{Stream: r.Stream, Revision: r.Revision, ID: r.ID, Type: s.Name}
	l.Data, l.DataBase64 = jsonOrBytes(s.Data)
	l.Metadata, l.MetadataBase64 = jsonOrBytes(s.Metadata)
	data, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("event %d of %s: %w", r.Revision, r.Stream, err)
	}
	return Canonical(data)
}

// Canonical brings JSON into the form that Leaf has.
func Canonical(data []byte) ([]byte, error) {
	v := jsontext.Value(data)
	if err := v.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return v, nil
}

func jsonOrBytes(data []byte) (json.RawMessage, []byte) {
	if jsontext.Value(data).IsValid() {
		return data, nil
	}
	return nil, data
}
