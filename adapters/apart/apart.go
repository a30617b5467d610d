// Package apart keeps, outside the database, the little that a backup cannot
// know when it is restored, because it happened later: who was erased, so that
// it is done again, and which mails went out, so that people can be told. It is
// a file of a line for each, with ids and times only.
package apart

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// FileName is what the file is called in each of its folders.
const FileName = "kept-apart.ndjson"

// Entry is a line: a person who was erased, or a mail that went out because of
// an event.
type Entry struct {
	At     time.Time `json:"at"`
	Erased uuid.UUID `json:"erased,omitzero"`
	Mail   uuid.UUID `json:"mail,omitzero"`
	Event  uuid.UUID `json:"event,omitzero"`
	Kind   string    `json:"kind,omitempty"` // type of the event
}

// List writes the file, in all of its folders. Safe for concurrent use.
type List struct {
	folders []string
	now     func() time.Time

	mu     sync.Mutex
	erased map[uuid.UUID]bool // known to be in all files
}

// Open makes a list in folders, each of which gets the file at the first entry.
func Open(folders ...string) *List {
	return &List{folders: folders, now: time.Now, erased: map[uuid.UUID]bool{}}
}

// Erased notes that a person is about to be erased for good. When it returns
// without an error, that is on the disk.
func (l *List) Erased(person uuid.UUID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.erased[person] {
		return nil
	}
	if err := l.add(Entry{At: l.now().UTC(), Erased: person}); err != nil {
		return err
	}
	l.erased[person] = true
	return nil
}

// Sent notes that a mail went out.
func (l *List) Sent(mail, event uuid.UUID, kind string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(Entry{At: l.now().UTC(), Mail: mail, Event: event, Kind: kind})
}

func (l *List) add(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	for _, folder := range l.folders {
		if err := appendLine(filepath.Join(folder, FileName), line); err != nil {
			return fmt.Errorf("write the list that is kept apart from the database: %w", err)
		}
	}
	return nil
}

// appendLine writes a line behind the others. One that a crash has cut gets its
// end first.
func appendLine(path string, line []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // a file of our own folders
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if size := info.Size(); size > 0 {
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := file.Write(append(slices.Clone(line), '\n')); err != nil {
		return err
	}
	return file.Sync()
}

// Read gives the entries of files, each thing once, in the order of time. cut is
// how many lines cannot be read: a crash has cut them, before what they told of was
// acknowledged. Of files that do not exist there is nothing to read.
func Read(paths ...string) (all []Entry, cut int, err error) {
	seen := map[Entry]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // the operator's choice
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			var e Entry
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			if json.Unmarshal(lines.Bytes(), &e) != nil || e.Erased == uuid.Nil && e.Mail == uuid.Nil {
				cut++
				continue
			}
			if once := e.identity(); !seen[once] {
				seen[once] = true
				all = append(all, e)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) })
	return all, cut, nil
}

// identity is what two entries about the same thing have in common.
func (e Entry) identity() Entry { return Entry{Erased: e.Erased, Mail: e.Mail} }
