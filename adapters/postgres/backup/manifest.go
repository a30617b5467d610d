package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Format is the version of the file. A program reads it and those before it.
const Format = 1

// Manifest says what is in a backup.
type Manifest struct {
	Format    int       `json:"format"`
	Program   string    `json:"program"`   // the version that made it
	CreatedAt time.Time `json:"createdAt"` // of the snapshot, by the database's clock
	// Log is nil where the log is kept in an event store of its own.
	Log        *Log       `json:"log,omitempty"`
	Migrations Migrations `json:"migrations"`
	// KeyMark recognises the installation's key: something sealed with it. It is
	// empty for a database that was never bound to a key.
	KeyMark []byte  `json:"keyMark,omitempty"`
	Tables  []Table `json:"tables"`
}

// Log is what a backup knows of the log in it.
type Log struct {
	Source uuid.UUID `json:"source,omitzero"` // the log's identity
	Epoch  uuid.UUID `json:"epoch,omitzero"`  // of the last restore; none: the first
	Events int64     `json:"events"`
	Last   *Event    `json:"last,omitempty"` // nil: there is none
}

// Event is the last one of a log.
type Event struct {
	Position   int64     `json:"position"`
	ID         uuid.UUID `json:"id"`
	OccurredAt time.Time `json:"occurredAt,omitzero"` // by the service's clock
	RecordedAt time.Time `json:"recordedAt"`          // by the database's
}

// Migrations are the versions of the schemas that the tables were of.
type Migrations struct {
	Log     int   `json:"log,omitempty"`
	Service int64 `json:"service"`
	Jobs    int   `json:"jobs"`
}

// Table is one table in a backup.
type Table struct {
	Name    string   `json:"name"` // with its schema
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"` // of the entry, uncompressed
}

const (
	manifestEntry = "manifest.json"
	eventsTable   = "eventnode.events"
)

func (t Table) entry() string { return "tables/" + t.Name + ".copy" }

// Rows tells how many rows of a table the backup has.
func (m Manifest) Rows(table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// ErrNewer says that a newer program made the backup.
var ErrNewer = errors.New("a newer version of the program made this backup: use that one, or a later one")

func readManifest(text []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestEntry, err)
	}
	switch {
	case m.Format > Format:
		return m, ErrNewer
	case m.Format < 1 || len(m.Tables) == 0 || m.CreatedAt.IsZero():
		return m, fmt.Errorf("%s does not describe a backup", manifestEntry)
	}
	return m, nil
}
