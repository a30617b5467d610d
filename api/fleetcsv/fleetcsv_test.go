package fleetcsv_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/fleetcsv"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

func read(r io.Reader) ([]devices.Registration, error) {
	rows, err := fleetcsv.NewReader(r)
	var all []devices.Registration
	for err == nil {
		var row devices.Registration
		if row, err = rows.Next(); err == nil {
			all = append(all, row)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return all, err
}

func fileCodes(err error) []string {
	var codes []string
	if refused, ok := errors.AsType[*fleetcsv.FileError](err); ok {
		for _, p := range refused.Problems {
			codes = append(codes, p.Code)
		}
	}
	return codes
}

const target = "22222222-2222-4222-8222-222222222222"

func TestColumnsComeInAnyOrderCaseAndSeparator(t *testing.T) {
	t.Parallel()
	want := []devices.Registration{
		{
			Ref: "line 2", SerialNumber: "ld1", IMEI: "1", MAC: "2", ESN: "3", Model: "MP70", Name: `Zoë – "north"; gate, 2`,
			Labels: []string{"south", "fixed"}, Offer: catalogue.Premium, ICCID: "89", OrderNumber: "PO",
			Account: uuid.MustParse(target),
		},
		{Ref: "line 3", SerialNumber: "LD2"},
	}
	for name, file := range map[string]string{
		"comma": "TARGET_COMPANY,GATEWAY[SERIAL NUMBER],GATEWAY[IMEI],GATEWAY[MAC ADDRESS],GATEWAY[ESN],TYPE,NAME,LABELS,OFFER,SUBSCRIPTION[ICCID],ORDER_NUMBER\n" +
			target + `,ld1,1,2,3,MP70,"Zoë – ""north""; gate, 2",south|fixed,premium,89,PO` + "\n,LD2,,,,,,,,,\n",
		"semicolon, mark, CRLF, no end": "\ufefforder_number;Subscription[ICCID];offer; labels ;name;type;gateway[esn];gateway[mac address];gateway[imei];Gateway[Serial Number];target_company\r\n" +
			`PO;89; Premium ; south | | fixed ; "Zoë – ""north""; gate, 2" ;MP70;3;2;1;  ld1 ;` + target + "\r\n;;;;;;;;;LD2;",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(strings.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	for file, codes := range map[string][]string{
		"":           {fleetcsv.CodeEmpty},
		"\ufeff\n\n": {fleetcsv.CodeEmpty},
		"CUSTOMER,GATEWAY[SERIAL NUMBER],COLOUR\n": {fleetcsv.CodeHeaderUnknown, fleetcsv.CodeHeaderUnknown},
		"NAME,name\n":                           {fleetcsv.CodeHeaderDuplicate, fleetcsv.CodeHeaderMissing},
		"GATEWAY[SERIAL NUMBER],\n":             {fleetcsv.CodeHeaderUnknown},
		"GATEWAY[SERIAL NUMBER]\tNAME\n":        {fleetcsv.CodeHeaderUnknown, fleetcsv.CodeHeaderMissing},
		"GATEWAY[SERIAL NUMBER],\"NAME\n":       {fleetcsv.CodeHeaderBroken},
		"GATEWAY[SERIAL NUMBER],N\xc3\n":        {fleetcsv.CodeInvalidUTF8},
		"G\x00A\x00T\x00":                       {fleetcsv.CodeNUL},
		"\xff\xfeG\x00A\x00":                    {fleetcsv.CodeInvalidUTF8},
		strings.Repeat("x", 70_000) + "\nLD1\n": {fleetcsv.CodeHeaderBroken},
	} {
		if _, err := read(strings.NewReader(file)); !cmp.Equal(fileCodes(err), codes) {
			t.Errorf("%.40q: %v, want %v", file, err, codes)
		}
	}
}

func TestABadRowSpoilsOnlyItself(t *testing.T) {
	t.Parallel()
	rows := []struct{ row, code string }{
		{`LD1,ok,`, ""},
		{`LD2,"never closed,`, fleetcsv.CodeQuoteBroken},
		{`LD3,in "the" middle,`, fleetcsv.CodeQuoteBroken},
		{`LD4,"closed" early,`, fleetcsv.CodeQuoteBroken},
		{`LD5,too,,many`, fleetcsv.CodeCellCount},
		{`LD6,few`, fleetcsv.CodeCellCount},
		{"LD7,half \xc3,", fleetcsv.CodeInvalidUTF8},
		{"LD8,nul \x00,", fleetcsv.CodeNUL},
		{"LD9," + strings.Repeat("x", 200_000) + ",", fleetcsv.CodeRowTooLong},
		{`LD10,no such company,nobody`, "target_unknown"},
		{`LD11,no company,00000000-0000-0000-0000-000000000000`, "target_unknown"},
		{`LD12,other form,{` + target + `}`, "target_unknown"},
		{`LD13,"",` + target, ""},
	}
	file := "GATEWAY[SERIAL NUMBER],NAME,TARGET_COMPANY\n"
	for _, r := range rows {
		file += r.row + "\n\n,,\n" // empty rows are no rows
	}
	got, err := read(strings.NewReader(file))
	if err != nil || len(got) != len(rows) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, r := range rows {
		code := ""
		if len(got[i].Problems) > 0 {
			code = got[i].Problems[0].Code
		}
		if got[i].Unreadable == (got[i].SerialNumber != "") {
			t.Errorf("%.30q: unreadable %v, serial number %q", r.row, got[i].Unreadable, got[i].SerialNumber)
		}
		if code != r.code {
			t.Errorf("%.30q: %q, want %q", r.row, code, r.code)
		}
		if want := fmt.Sprintf("line %d", 2+3*i); got[i].Ref != want {
			t.Errorf("%.30q: %s, want %s", r.row, got[i].Ref, want)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestABrokenSourceIsAnError(t *testing.T) {
	t.Parallel()
	_, err := read(io.MultiReader(strings.NewReader("GATEWAY[SERIAL NUMBER]\nLD1\n"), broken{}))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

// A million rows pass through without being kept.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const rows = 1_000_000
	line := "LD72997819284879,gate\n"
	source := io.MultiReader(strings.NewReader("GATEWAY[SERIAL NUMBER],NAME\n"), io.LimitReader(&repeat{line, 0}, int64(rows*len(line))))
	reader, err := fleetcsv.NewReader(source)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var peak uint64
	for ; ; n++ {
		if _, err := reader.Next(); err != nil {
			break
		}
		if n%250_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	if n != rows {
		t.Errorf("%d rows", n)
	}
	if peak > 64<<20 {
		t.Errorf("%d MiB in use", peak>>20)
	}
}

type repeat struct {
	line string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.line[r.at]
		r.at = (r.at + 1) % len(r.line)
	}
	return len(p), nil
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("GATEWAY[SERIAL NUMBER],NAME\nLD1,\"a\"\"b\"\n"))
	f.Add([]byte("\ufeffgateway[serial number];labels\r\nLD1;a|b\r\n"))
	f.Add([]byte("GATEWAY[SERIAL NUMBER]\n\"\n\x00\n\xc3\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, err := read(strings.NewReader(string(file)))
		if err != nil {
			if len(fileCodes(err)) == 0 {
				t.Fatalf("neither rows nor a refusal: %v", err)
			}
			return
		}
		if lines := strings.Count(string(file), "\n"); len(rows) > lines {
			t.Fatalf("%d rows of %d lines", len(rows), lines)
		}
		for _, r := range rows {
			for _, text := range append(r.Labels, r.SerialNumber, r.Name, r.Model, r.IMEI, r.Ref) {
				if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
					t.Fatalf("%q passed", text)
				}
			}
		}
	})
}
