package transparency

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// BadLine is the first line of an export that is wrong, counted from 1.
type BadLine struct {
	Line int64
	Why  string
}

func (b *BadLine) Error() string { return fmt.Sprintf("line %d: %s", b.Line, b.Why) }

// Verified is what a good export is.
type Verified struct {
	Checkpoint Checkpoint
	Scope      string
	Events     int64
	SignedBy   string // the public key
}

// Verify checks an export with nothing but the keys that one trusts, or with those that it
// names itself where there are none: that its manifest is signed by one of them, that there is a line for each leaf that the manifest names
// and no other, and that each is in the tree of the checkpoint. A *BadLine names the
// first line that is wrong.
func Verify(file io.ReadSeeker, trusted Verifiers) (Verified, error) {
	end, number, err := lastLine(file)
	if err != nil {
		return Verified{}, err
	}
	v, err := end.verify(number, trusted)
	if err != nil {
		return v, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return v, err
	}
	due, stop := iter.Pull(numbers(end.Indexes))
	defer stop()
	lines := newLines(file)
	for n := int64(1); n < number; n++ {
		line, err := lines.next()
		if err != nil {
			return v, err
		}
		want, more := due()
		if !more {
			return v, &BadLine{n, "the manifest has no more events: this line was added"}
		}
		if err := verifyLine(line, want, v.Checkpoint); err != nil {
			return v, &BadLine{n, err.Error()}
		}
		v.Events++
	}
	if want, more := due(); more {
		return v, &BadLine{number, fmt.Sprintf("event %d of the log is missing before the manifest", want)}
	}
	return v, nil
}

// verify checks the last line of an export.
func (e exportEnd) verify(line int64, trusted Verifiers) (v Verified, err error) {
	bad := func(format string, a ...any) error { return &BadLine{line, fmt.Sprintf(format, a...)} }
	if len(trusted) == 0 {
		if trusted, err = named(e.Manifest); err != nil {
			return v, bad("the manifest: %v", err)
		}
	}
	text, signatures, err := trusted.open([]byte(e.Manifest))
	if err != nil {
		return v, bad("the manifest: %v", err)
	}
	if v.Checkpoint, err = OpenCheckpoint([]byte(e.Checkpoint), trusted); err != nil {
		return v, bad("the checkpoint: %v", err)
	}
	fields, keys, err := manifestFields(text)
	if err != nil {
		return v, bad("%v", err)
	}
	v.Scope = fields[2]
	events, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil || text != manifestText(v.Checkpoint, v.Scope, events, e.Indexes, keys) {
		return v, bad("indexes and checkpoint are not those that the manifest was signed for")
	}
	if v.SignedBy = keyOf(signatures[0], keys); v.SignedBy == "" {
		return v, bad("the manifest does not name the key that it is signed with")
	}
	return v, nil
}

// manifestFields are the lines of a manifest, and the keys that it names.
func manifestFields(text string) (fields, keys []string, err error) {
	fields = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(fields) <= manifestLines || fields[0] != manifestHead {
		return nil, nil, errors.New("this is no manifest of an export")
	}
	return fields[:manifestLines], fields[manifestLines:], nil
}

// named are the keys that a manifest names, whoever has signed it.
func named(manifest string) (Verifiers, error) {
	_, err := note.Open([]byte(manifest), note.VerifierList())
	unverified, ok := errors.AsType[*note.UnverifiedNoteError](err)
	if !ok {
		return nil, err
	}
	_, keys, err := manifestFields(unverified.Note.Text)
	if err != nil {
		return nil, err
	}
	return ParseVerifiers(keys...)
}

// keyOf is the public key that a signature was made with.
func keyOf(s note.Signature, keys []string) string {
	for _, key := range keys {
		if v, err := note.NewVerifier(key); err == nil && v.Name() == s.Name && v.KeyHash() == s.Hash {
			return key
		}
	}
	return ""
}

// verifyLine checks that a line is the leaf that is due.
func verifyLine(line []byte, due int64, c Checkpoint) error {
	var l exportLine
	if err := strictly(line, &l); err != nil {
		return err
	}
	switch {
	case l.Index > due:
		return fmt.Errorf("event %d of the log is missing: here is event %d", due, l.Index)
	case l.Index < due:
		return fmt.Errorf("event %d of the log is out of its place: here has to be event %d", l.Index, due)
	}
	leaf, err := eventlog.Canonical(bytes.Clone(l.Leaf))
	if err != nil {
		return err
	}
	if !bytes.Equal(leaf, l.Leaf) {
		return errors.New("the event is not in its canonical form")
	}
	if err := tlog.CheckRecord(l.Proof, c.N, c.Hash, l.Index, tlog.RecordHash(leaf)); err != nil {
		return errors.New("the event is not the one that is in the log: it or its proof was changed")
	}
	return nil
}

// strictly reads a line that has to be just as an export writes it.
func strictly(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("this is no line of an export: %w", err)
	}
	var again bytes.Buffer
	out := json.NewEncoder(&again)
	out.SetEscapeHTML(false)
	if err := out.Encode(into); err != nil {
		return err
	}
	if !bytes.Equal(bytes.TrimSuffix(again.Bytes(), []byte("\n")), line) {
		return errors.New("this is no line of an export: it was changed")
	}
	return nil
}

// lastLine reads the manifest's line and tells which one it is.
func lastLine(file io.Reader) (end exportEnd, number int64, err error) {
	lines, last := newLines(file), []byte(nil)
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return end, number, err
		}
		last = append(last[:0], line...)
		number++
	}
	if err := strictly(last, &end); err != nil {
		return end, number, &BadLine{number + 1, "the line with the manifest is missing: the file was cut, or its last line changed"}
	}
	return end, number, nil
}

// lines are those of a file, of any length. What follows the last line's end counts.
type lines struct{ in *bufio.Reader }

func newLines(r io.Reader) lines { return lines{bufio.NewReaderSize(r, 1<<20)} }

func (l lines) next() ([]byte, error) {
	line, err := l.in.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return line, nil
	}
	if err != nil {
		return nil, err
	}
	return line[:len(line)-1], nil
}

// VerifyGrowth checks that the tree only grew from one checkpoint to another, by hashes
// of the later tree, such as tiles of it that the service hands out. What the tiles say
// is checked against the later checkpoint.
func VerifyGrowth(older, newer Checkpoint, tiles tlog.TileReader) error {
	switch {
	case older.Origin != newer.Origin:
		return fmt.Errorf("the checkpoints are of two logs, %s and %s", older.Origin, newer.Origin)
	case newer.N < older.N:
		return fmt.Errorf("the log has shrunk: it had %d events, and has %d", older.N, newer.N)
	case newer.N == older.N && newer.Hash != older.Hash:
		return fmt.Errorf("the log was changed: both checkpoints have %d events, with other roots", newer.N)
	case newer.N == older.N || older.N == 0:
		return nil
	}
	proof, err := tlog.ProveTree(newer.N, older.N, tlog.TileHashReader(newer.Tree, tiles))
	if err != nil {
		return fmt.Errorf("what the service says of the tree does not fit the later checkpoint: %w", err)
	}
	if err := tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("the log did not only grow: its first %d events are not those of the older checkpoint", older.N)
	}
	return nil
}
