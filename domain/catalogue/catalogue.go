// Package catalogue has the models of devices and the offers they run on. It
// is data: the default file is part of the program, an operator may bring
// another, and change it while the service runs (package models). Serial patterns
// in the default file are invented.
package catalogue

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Model is one device model.
type Model struct {
	Name           string
	Serial         *regexp.Regexp // of a normalised serial number
	Offers         []Offer
	Default        Offer
	IncludedMonths int // length of the included service term
	// Withdrawn models are known for the devices that there are; no serial number
	// is recognised as one.
	Withdrawn bool
}

// Supports reports whether the model can run on o.
func (m Model) Supports(o Offer) bool { return slices.Contains(m.Offers, o) }

// Catalogue is the list of models.
type Catalogue struct {
	models []Model
}

// Of makes a catalogue of models.
func Of(models []Model) *Catalogue { return &Catalogue{models: slices.Clone(models)} }

//go:embed catalogue.csv
var defaultFile string

// Default is the catalogue shipped with the program.
func Default() *Catalogue {
	c, err := Read(strings.NewReader(defaultFile))
	if err != nil {
		panic("catalogue: the shipped file is broken: " + err.Error()) // a test reads it
	}
	return c
}

var header = []string{"MODEL", "SERIAL_PATTERN", "OFFERS", "DEFAULT_OFFER", "INCLUDED_MONTHS"}

// Read reads a catalogue file: CSV with the columns MODEL, SERIAL_PATTERN,
// OFFERS (separated by |), DEFAULT_OFFER and INCLUDED_MONTHS. An error names
// the line.
func Read(r io.Reader) (*Catalogue, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = len(header)
	first, err := rows.Read()
	if err != nil || !slices.Equal(first, header) {
		return nil, fmt.Errorf("catalogue: the first line must be %s", strings.Join(header, ","))
	}
	c := &Catalogue{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		m, err := parse(row)
		if err == nil {
			if _, double := c.Model(m.Name); double {
				err = fmt.Errorf("model %s is listed twice", m.Name)
			}
		}
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("catalogue: line %d: %w", line, err)
		}
		c.models = append(c.models, m)
	}
}

func parse(row []string) (Model, error) {
	m := Model{Name: strings.ToUpper(strings.TrimSpace(row[0])), Default: Offer(row[3])}
	var err error
	if m.Serial, err = regexp.Compile(row[1]); err != nil {
		return m, err
	}
	for name := range strings.SplitSeq(row[2], "|") {
		if !Offer(name).Valid() {
			return m, fmt.Errorf("%q is not an offer", name)
		}
		m.Offers = append(m.Offers, Offer(name))
	}
	if !m.Supports(m.Default) {
		return m, fmt.Errorf("the default offer %q is not among the offers", m.Default)
	}
	m.IncludedMonths, err = strconv.Atoi(row[4])
	if err != nil || m.IncludedMonths < 1 {
		return m, fmt.Errorf("%q is not a number of months", row[4])
	}
	return m, nil
}

// Models lists all models in the file's order.
func (c *Catalogue) Models() []Model { return slices.Clone(c.models) }

// Model finds a model by name, in any case.
func (c *Catalogue) Model(name string) (Model, bool) {
	for _, m := range c.models {
		if strings.EqualFold(m.Name, name) {
			return m, true
		}
	}
	return Model{}, false
}

// Recognise finds the model, of those not withdrawn, whose serial pattern a
// normalised serial number fits.
func (c *Catalogue) Recognise(serialNumber string) (Model, bool) {
	for _, m := range c.models {
		if !m.Withdrawn && m.Serial.MatchString(serialNumber) {
			return m, true
		}
	}
	return Model{}, false
}
