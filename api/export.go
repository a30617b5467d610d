package api

import (
	"bytes"
	"encoding/csv"
	"io"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/text"
)

// exportPage is how many rows an export reads at a time.
const exportPage = 1000

// pages is a text produced page by page while it is sent.
type pages struct {
	buffer bytes.Buffer
	// more writes the next page into the buffer; false after the last one. An
	// error in the middle breaks the connection off: half a file must not look whole.
	more func(*bytes.Buffer) (bool, error)
	done bool
}

func (p *pages) Read(to []byte) (int, error) {
	for p.buffer.Len() == 0 {
		if p.done {
			return 0, io.EOF
		}
		more, err := p.more(&p.buffer)
		if err != nil {
			return 0, err
		}
		p.done = !more
	}
	return p.buffer.Read(to)
}

// start makes the first page, so that its error can still be a proper answer.
func (p *pages) start() error {
	more, err := p.more(&p.buffer)
	p.done = !more
	return err
}

// table is a list as CSV: all its pages, or the one that was asked for.
func table[T any](header []string, all bool, page *query.Page, fetch func() (query.List[T], error), row func(T) []string) (io.Reader, eventlog.Position, error) {
	if all {
		page.Limit = exportPage
	}
	var position eventlog.Position
	begun := false
	p := &pages{more: func(to *bytes.Buffer) (bool, error) {
		got, err := fetch()
		if err != nil {
			return false, err
		}
		rows := list(got.Items, row)
		if !begun {
			begun, position = true, got.Position
			rows = append([][]string{header}, rows...)
		}
		page.Cursor = got.NextCursor
		return all && got.NextCursor != "", csvRows(to, rows...)
	}}
	err := p.start()
	return p, position, err
}

// csvRows writes RFC 4180 with guarded cells.
func csvRows(to io.Writer, rows ...[]string) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	for _, row := range rows {
		guarded := make([]string, len(row)) // the header is the same for all exports
		for i, cell := range row {
			guarded[i] = text.Cell(cell)
		}
		if err := w.Write(guarded); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
