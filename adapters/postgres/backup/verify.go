package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/google/uuid"
)

// Verify reads all of the file and gives the first thing that is wrong with it:
// every hash, every row of every table, the log without gaps.
func (f *File) Verify(ctx context.Context, progress Progress) error {
	expected := map[string]bool{manifestEntry: true}
	for _, t := range f.Manifest.Tables {
		expected[t.entry()] = true
		if err := f.verifyTable(ctx, t, progress); err != nil {
			return err
		}
	}
	for _, entry := range f.zip.File {
		if !expected[entry.Name] {
			return fmt.Errorf("the entry %s is not in the manifest", entry.Name)
		}
		delete(expected, entry.Name) // twice is as wrong
	}
	whole := sha256.New()
	if _, err := io.Copy(whole, io.NewSectionReader(f.file, 0, f.size)); err != nil {
		return err
	}
	if hex.EncodeToString(whole.Sum(nil)) != f.seal {
		return errors.New("the file is not as it was written: its hash is another")
	}
	return nil
}

func (f *File) verifyTable(ctx context.Context, t Table, progress Progress) error {
	damaged := func(err error) error { return fmt.Errorf("the table %s is damaged: %w", t.Name, err) }
	entry, err := f.table(t)
	if err != nil {
		return err
	}
	defer func() { _ = entry.Close() }()
	sum := sha256.New()
	rows := bufio.NewReaderSize(io.TeeReader(entry, sum), 1<<20)
	check := func([][]byte) error { return nil }
	if t.Name == eventsTable {
		if check, err = f.logChecker(t); err != nil {
			return damaged(err)
		}
	}
	var count int64
	for {
		line, err := readLine(rows)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged(err)
		}
		count++
		values := fields(line)
		if len(values) != len(t.Columns) {
			return damaged(fmt.Errorf("row %d has %d values, not %d", count, len(values), len(t.Columns)))
		}
		if err := check(values); err != nil {
			return damaged(fmt.Errorf("row %d: %w", count, err))
		}
		if count%progressRows == 0 {
			progress.tell("verifying", t.Name, count, t.Rows)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	if hex.EncodeToString(sum.Sum(nil)) != t.SHA256 {
		return damaged(errors.New("its hash is another than the manifest says"))
	}
	if count != t.Rows {
		return damaged(fmt.Errorf("it has %d rows, the manifest says %d", count, t.Rows))
	}
	return nil
}

// readLine gives a line without its end; io.EOF behind the last one.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) { // a long one
		begin := bytes.Clone(line)
		line, err = r.ReadBytes('\n')
		line = append(begin, line...)
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return nil, errors.New("the last row has no end")
	}
	return bytes.TrimSuffix(line, []byte{'\n'}), err
}

// logChecker gives what looks at the events one after the other: positions
// without gaps, from the first to the one in the manifest, and contents that can
// be read.
func (f *File) logChecker(t Table) (func([][]byte) error, error) {
	at := map[string]int{}
	for _, name := range []string{"position", "id", "is_json", "data", "metadata"} {
		if at[name] = slices.Index(t.Columns, name); at[name] < 0 {
			return nil, fmt.Errorf("it has no column %s", name)
		}
	}
	log := f.Manifest.Log
	if log == nil || log.Events != t.Rows || (log.Last == nil) != (t.Rows == 0) {
		return nil, errors.New("the manifest contradicts itself about the log")
	}
	var last int64
	return func(values [][]byte) error {
		position, err := strconv.ParseInt(string(values[at["position"]]), 10, 64)
		if err != nil {
			return fmt.Errorf("position: %w", errField)
		}
		if position != last+1 {
			return fmt.Errorf("the log has a gap: position %d follows %d", position, last)
		}
		last = position
		isJSON := string(values[at["is_json"]])
		if isJSON != "t" && isJSON != "f" {
			return fmt.Errorf("is_json of event %d: %w", position, errField)
		}
		for _, name := range []string{"data", "metadata"} {
			content, err := bytesOf(values[at[name]])
			if err != nil {
				return fmt.Errorf("%s of event %d: %w", name, position, err)
			}
			if isJSON == "t" && len(content) > 0 && !json.Valid(content) {
				return fmt.Errorf("%s of event %d is no JSON", name, position)
			}
		}
		if position < log.Events {
			return nil
		}
		id, err := uuid.ParseBytes(values[at["id"]])
		if err != nil || position != log.Last.Position || id != log.Last.ID {
			return fmt.Errorf("the last event %d is another than the manifest says", position)
		}
		return nil
	}, nil
}
