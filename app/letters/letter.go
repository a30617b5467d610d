// Package letters is what all mails of the service look like: a letter is a few
// blocks, and its text and its HTML have the same words in the same order.
//
// The HTML is for mail programs: tables, every colour inline first and the dark
// scheme by a media query, no images, nothing to load.
package letters

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"unicode/utf8"
)

// Letter is a mail to be.
type Letter struct {
	Preview string // what lists of mails show beside the subject
	Kicker  string // the line above the title
	Title   string
	Blocks  []Block
	Button  Link // the next step; may be missing, and so may Other
	Other   Link
	Why     []string // why one gets it, in small print
	// Own is what the service itself names: addresses and files. All else that looks like
	// an address is written so that it is none.
	Own []string
}

// Block is one part of a letter: exactly one of its fields.
type Block struct {
	Text    string
	Heading string
	Figures []Figure
	Facts   []Fact
	Table   *Table
	Note    string // small print
}

// Figure is a number with what it counts. Tone is red, amber, green or empty.
type Figure struct {
	Mark, Tone string
	Count      int
	Label      string
}

// Fact is a label and a value.
type Fact struct{ Label, Value string }

// Table has rows of as many cells as its head.
type Table struct {
	Caption string
	Head    []Head
	Rows    [][]Cell
}

// Head is a column. Wide ones are left out on small screens.
type Head struct {
	Label string
	Right bool
	Wide  bool
}

// Cell is what stands in a table: strong or code where that is said, with a mark
// before and a small line below.
type Cell struct {
	Text         string
	Below        string
	Mark, Tone   string
	Strong, Code bool
}

// Link leads to a page.
type Link struct{ Label, URL string }

//go:embed layout.html
var layout string

var page = template.Must(template.New("mail").Funcs(template.FuncMap{
	"cells": func(head []Head, row []Cell) []column {
		columns := make([]column, len(row))
		for i, c := range row {
			columns[i] = column{head[i], c}
		}
		return columns
	},
}).Parse(layout))

type column struct {
	Head
	Cell
}

// HTML is the letter for mail programs that show it.
func (l Letter) HTML() (string, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, l.safe()); err != nil {
		return "", fmt.Errorf("write a mail: %w", err)
	}
	return b.String(), nil
}

// Plain is the letter as plain text.
func (l Letter) Plain() string {
	l = l.safe()
	parts := []string{l.Kicker, l.Title}
	for _, b := range l.Blocks {
		parts = append(parts, b.plain())
	}
	for _, link := range []Link{l.Button, l.Other} {
		if link.URL != "" {
			parts = append(parts, link.Label+":\n"+link.URL)
		}
	}
	parts = append(parts, "-- ") // where mail programs let a signature begin
	text := strings.Join(parts, "\n\n")
	return text + "\n" + strings.Join(l.Why, "\n") + "\n"
}

func (b Block) plain() string {
	switch {
	case b.Text != "":
		return b.Text
	case b.Heading != "":
		return b.Heading
	case b.Note != "":
		return b.Note
	case b.Table != nil:
		return b.Table.plain()
	}
	var lines []string
	for _, f := range b.Figures {
		lines = append(lines, fmt.Sprintf("%s %d %s", f.Mark, f.Count, f.Label))
	}
	for _, f := range b.Facts {
		// Only the first line of what others wrote stands where lines of ours do.
		lines = append(lines, f.Label+": "+strings.ReplaceAll(f.Value, "\n", "\n    "))
	}
	return strings.Join(lines, "\n")
}

// plain lines the columns up.
func (t Table) plain() string {
	rows := make([][]string, 0, len(t.Rows)+1)
	head := make([]string, len(t.Head))
	for i, h := range t.Head {
		head[i] = h.Label
	}
	rows = append(rows, head)
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = c.plain()
		}
		rows = append(rows, cells)
	}
	widths := make([]int, len(t.Head))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := []string{t.Caption}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.Head[i].Right {
				cell, pad = pad+cell, ""
			}
			line.WriteString("  " + cell + pad)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return strings.Join(lines, "\n")
}

func (c Cell) plain() string {
	var words []string
	for _, w := range []string{c.Mark, c.Text, c.Below} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// Devices is how many devices there are, in words.
func Devices(n int) string {
	if n == 1 {
		return "1 device"
	}
	return fmt.Sprintf("%d devices", n)
}
