package catalogue_test

import (
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/domain/catalogue"
)

const header = "MODEL,SERIAL_PATTERN,OFFERS,DEFAULT_OFFER,INCLUDED_MONTHS\n"

// Devices 7.
func TestDefault(t *testing.T) {
	t.Parallel()
	c := catalogue.Default()
	for name, offer := range map[string]catalogue.Offer{
		"RV50": "complete", "RV50X": "complete", "RV55": "complete", "MP70": "complete", "MG90": "complete", "LX40": "complete",
		"LX60": "complete", "RX55": "complete", "RX400": "complete", "EX400": "complete",
		"XR60": "premium", "XR80": "premium", "XR90": "premium", "GX450": "basic",
	} {
		m, ok := c.Model(name)
		if !ok || m.Default != offer || m.IncludedMonths != 12 || !m.Supports(offer) {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if m, ok := c.Model("rv50x"); !ok || m.Name != "RV50X" {
		t.Errorf("in lower case: %+v", m)
	}
	if m, ok := c.Recognise("LB00000000000001"); !ok || m.Name != "RV50X" {
		t.Errorf("recognised: %+v", m)
	}
	for _, serial := range []string{"", "LB0000000000000", "LB000000000000012", "ZZ00000000000001", "LB00000000000001\n"} {
		if m, ok := c.Recognise(serial); ok {
			t.Errorf("%q is a %s", serial, m.Name)
		}
	}
	c.Models()[0].Name = "changed"
	if c.Models()[0].Name == "changed" {
		t.Error("a caller can change the catalogue")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := "A1,^A$,basic|complete,basic,12\n"
	for name, tt := range map[string]struct{ file, want string }{
		"empty":         {"", "first line"},
		"other header":  {"NAME\nX\n", "first line"},
		"columns":       {header + "A1,^A$,basic\n", "line 2"},
		"twice":         {header + good + good, "line 3: model A1 is listed twice"},
		"pattern":       {header + "A1,(,basic,basic,12\n", "line 2"},
		"no such offer": {header + "A1,^A$,gold,gold,12\n", `"gold" is not an offer`},
		"default":       {header + "A1,^A$,basic,complete,12\n", "not among the offers"},
		"months":        {header + "A1,^A$,basic,basic,0\n", `"0" is not a number of months`},
		"months, word":  {header + "A1,^A$,basic,basic,year\n", "line 2"},
		"quote":         {header + "\"A1,^A$,basic,basic,12\n", "catalogue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := catalogue.Read(strings.NewReader(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(header + "A1,^A$,basic|complete,basic,12\n")
	f.Add(header)
	f.Fuzz(func(t *testing.T, file string) {
		c, err := catalogue.Read(strings.NewReader(file))
		if err != nil {
			return
		}
		for _, m := range c.Models() {
			if m.Serial == nil || !m.Supports(m.Default) || m.IncludedMonths < 1 {
				t.Fatalf("%+v", m)
			}
		}
	})
}
