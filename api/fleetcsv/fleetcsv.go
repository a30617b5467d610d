// Package fleetcsv reads the vendor's CSV files of devices to register.
//
// A file is UTF-8 with or without byte order mark, its cells separated by
// commas or by semicolons. Its first line names the columns, in any order and
// any case; a name that is not known refuses the file, since what stands below
// it would be lost. A row is one line: cells may be quoted (RFC 4180) but not
// span lines, as no value of a device does, so that a quote that is never
// closed spoils its own row only and not the rest of the file.
package fleetcsv

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Codes of what is wrong with a file or a row.
const (
	CodeEmpty           = "csv_empty"
	CodeHeaderUnknown   = "csv_header_unknown"
	CodeHeaderDuplicate = "csv_header_duplicate"
	CodeHeaderMissing   = "csv_header_missing"
	CodeHeaderBroken    = "csv_header_broken"
	CodeQuoteBroken     = "csv_quote_broken"
	CodeCellCount       = "csv_cell_count"
	CodeRowTooLong      = "csv_row_too_long"
	CodeInvalidUTF8     = "invalid_utf8"
	CodeNUL             = "nul_character"
)

// SerialNumber is the one column a file cannot do without.
const SerialNumber = "GATEWAY[SERIAL NUMBER]"

// columns are the vendor's headers and ours, and where their cells go.
var columns = map[string]func(*devices.Registration, string){
	"TARGET_COMPANY":       target,
	SerialNumber:           func(r *devices.Registration, v string) { r.SerialNumber = v },
	"GATEWAY[IMEI]":        func(r *devices.Registration, v string) { r.IMEI = v },
	"GATEWAY[MAC ADDRESS]": func(r *devices.Registration, v string) { r.MAC = v },
	"GATEWAY[ESN]":         func(r *devices.Registration, v string) { r.ESN = v },
	"TYPE":                 func(r *devices.Registration, v string) { r.Model = v },
	"NAME":                 func(r *devices.Registration, v string) { r.Name = v },
	"LABELS":               labels,
	"OFFER":                func(r *devices.Registration, v string) { r.Offer = catalogue.Offer(strings.ToLower(v)) },
	"SUBSCRIPTION[ICCID]":  func(r *devices.Registration, v string) { r.ICCID = v },
	"ORDER_NUMBER":         func(r *devices.Registration, v string) { r.OrderNumber = v },
}

// Headers lists the known column names.
func Headers() []string {
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func target(r *devices.Registration, v string) {
	if v == "" {
		return
	}
	uid, err := uuid.Parse(v)
	if err != nil || len(v) != len(uuid.Nil.String()) || uid == uuid.Nil {
		r.Problems = append(r.Problems, device.TargetUnknown())
		return
	}
	r.Account = uid
}

func labels(r *devices.Registration, v string) {
	for label := range strings.SplitSeq(v, "|") {
		if label = strings.TrimSpace(label); label != "" {
			r.Labels = append(r.Labels, label)
		}
	}
}

// FileError refuses a file as a whole, with everything that is wrong with it.
type FileError struct {
	Problems []domain.Problem // at least one
}

func (e *FileError) Error() string {
	return fmt.Sprintf("csv file: %s: %s", e.Problems[0].Code, e.Problems[0].Detail)
}

func refuse(code, detail string) *FileError {
	return &FileError{[]domain.Problem{{Code: code, Detail: detail}}}
}

// longestLine bounds what one row may take, in bytes.
const longestLine = 64 << 10

// Reader reads a file row by row and keeps no more than a row of it.
type Reader struct {
	lines     *bufio.Reader
	separator byte
	set       []func(*devices.Registration, string) // of each column
	line      int
	cells     []string
}

// NewReader reads the header. A *FileError refuses the file.
func NewReader(r io.Reader) (*Reader, error) {
	f := &Reader{lines: bufio.NewReaderSize(r, longestLine)}
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	return f, f.columns(header)
}

func (f *Reader) header() ([]string, error) {
	for {
		line, tooLong, err := f.next()
		first := f.line == 1
		switch {
		case errors.Is(err, io.EOF):
			return nil, refuse(CodeEmpty, "The file is empty.")
		case err != nil:
			return nil, err
		case tooLong:
			return nil, refuse(CodeHeaderBroken, "The first line is too long to be a header.")
		}
		if first {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case !utf8.ValidString(line):
			return nil, refuse(CodeInvalidUTF8, "The file is not in UTF-8.")
		case strings.IndexByte(line, 0) >= 0:
			return nil, refuse(CodeNUL, "The header has a NUL character.")
		}
		f.separator = separatorOf(line)
		cells, ok := f.split(line)
		if !ok {
			return nil, refuse(CodeHeaderBroken, "A quote in the header is not closed, or stands inside a cell.")
		}
		return slices.Clone(cells), nil
	}
}

// separatorOf guesses from the header, whose names have neither.
func separatorOf(header string) byte {
	if strings.Count(header, ";") > strings.Count(header, ",") {
		return ';'
	}
	return ','
}

func (f *Reader) columns(header []string) error {
	var problems []domain.Problem
	seen := map[string]bool{}
	for i, cell := range header {
		name := strings.ToUpper(strings.Join(strings.Fields(cell), " "))
		set, known := columns[name]
		facts := map[string]string{"header": shorten(cell), "column": fmt.Sprint(i + 1)}
		switch {
		case !known:
			problems = append(problems, domain.Problem{Code: CodeHeaderUnknown, Facts: facts,
				Detail: "The header names a column that is not known; known are " + strings.Join(Headers(), ", ") + "."})
		case seen[name]:
			problems = append(problems, domain.Problem{Code: CodeHeaderDuplicate, Facts: facts, Detail: "The header names a column twice."})
		}
		seen[name] = true
		f.set = append(f.set, set)
	}
	if !seen[SerialNumber] {
		problems = append(problems, domain.Problem{Code: CodeHeaderMissing, Facts: map[string]string{"header": SerialNumber},
			Detail: "The header lacks the column of serial numbers."})
	}
	if len(problems) > 0 {
		return &FileError{problems}
	}
	return nil
}

func shorten(cell string) string {
	const longest = 60
	if runes := []rune(cell); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return cell
}

// Next reads a row; io.EOF after the last one. A row that cannot be read is a
// Registration that is Unreadable, with Problems. Ref is the row's line in the file ("line 2").
// Empty rows are left out.
func (f *Reader) Next() (devices.Registration, error) {
	for {
		line, tooLong, err := f.next()
		if err != nil {
			return devices.Registration{}, err
		}
		r := devices.Registration{Ref: fmt.Sprintf("line %d", f.line)}
		spoilt := func(code, detail string, facts map[string]string) (devices.Registration, error) {
			r.Unreadable, r.Problems = true, []domain.Problem{{Code: code, Detail: detail, Facts: facts}}
			return r, nil
		}
		switch {
		case tooLong:
			return spoilt(CodeRowTooLong, fmt.Sprintf("The row is longer than %d bytes.", longestLine), nil)
		case strings.TrimSpace(line) == "":
			continue
		case !utf8.ValidString(line):
			return spoilt(CodeInvalidUTF8, "The row is not valid UTF-8.", nil)
		case strings.IndexByte(line, 0) >= 0:
			return spoilt(CodeNUL, "The row has a NUL character.", nil)
		}
		cells, ok := f.split(line)
		switch {
		case !ok:
			return spoilt(CodeQuoteBroken, "A quote is not closed in its line, or stands inside a cell that does not begin with one.", nil)
		case !slices.ContainsFunc(cells, func(c string) bool { return c != "" }):
			continue
		case len(cells) != len(f.set):
			return spoilt(CodeCellCount, "The row does not have as many cells as the header.",
				map[string]string{"cells": fmt.Sprint(len(cells)), "header": fmt.Sprint(len(f.set))})
		}
		for i, cell := range cells {
			f.set[i](&r, cell)
		}
		return r, nil
	}
}

// next reads a line without its end. Of one that is too long the rest is skipped.
func (f *Reader) next() (line string, tooLong bool, err error) {
	raw, err := f.lines.ReadSlice('\n')
	tooLong = errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = f.lines.ReadSlice('\n')
	}
	switch {
	case errors.Is(err, io.EOF) && len(raw) == 0 && !tooLong:
		return "", false, io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return "", false, fmt.Errorf("read csv: %w", err)
	}
	f.line++
	if tooLong {
		return "", true, nil
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r"), false, nil
}

// split cuts a line into trimmed cells; not ok when a quote is out of place.
// The cells are good until the next call.
func (f *Reader) split(line string) (cells []string, ok bool) {
	f.cells = f.cells[:0]
	for {
		cell, rest, more, ok := cut(line, f.separator)
		if !ok {
			return nil, false
		}
		f.cells = append(f.cells, strings.TrimSpace(cell))
		if !more {
			return f.cells, true
		}
		line = rest
	}
}

// cut takes the first cell off a line. more: a separator followed it.
func cut(line string, separator byte) (cell, rest string, more, ok bool) {
	trimmed := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(trimmed, `"`) {
		cell, rest, more = strings.Cut(line, string(separator))
		return cell, rest, more, !strings.Contains(cell, `"`)
	}
	var b strings.Builder
	for s := trimmed[1:]; ; {
		part, after, closed := strings.Cut(s, `"`)
		if !closed {
			return "", "", false, false
		}
		b.WriteString(part)
		if strings.HasPrefix(after, `"`) { // two quotes are one
			b.WriteByte('"')
			s = after[1:]
			continue
		}
		after = strings.TrimLeft(after, " \t")
		switch {
		case after == "":
			return b.String(), "", false, true
		case after[0] == separator:
			return b.String(), after[1:], true, true
		default:
			return "", "", false, false
		}
	}
}
