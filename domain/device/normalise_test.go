package device_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

func code(problems []domain.Problem) string {
	if len(problems) == 0 {
		return ""
	}
	return problems[0].Code
}

// Devices 1: serials are trimmed and upper-cased.
func TestNormaliseSerial(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" la0123\t": "LA0123", "LA01": "LA01", strings.Repeat("9", 32): strings.Repeat("9", 32),
		"": "", "LA1": "", strings.Repeat("9", 33): "", "LA-0123": "", "LA 0123": "", "LA\x000123": "", "ſa0123": "", "ＬＡ０１": "", "LA01\xff": "",
	} {
		got, problems := device.NormaliseSerial(in)
		if got != want || (want == "") != (code(problems) == device.CodeSerialInvalid) {
			t.Errorf("%q: %q %v", in, got, problems)
		}
	}
}

// Devices 1: exactly one factor; a Luhn digit; separators ignored.
func TestParseFactor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		imei, mac, esn string
		want           device.Factor
		code           string
	}{
		{imei: " 490154203237518 ", want: device.Factor{Kind: device.IMEI, Value: "490154203237518"}},
		{imei: "490154203237519", code: device.CodeIMEIInvalid},
		{imei: "49015420323751", code: device.CodeIMEIInvalid},
		{imei: "４90154203237518", code: device.CodeIMEIInvalid},
		{mac: "00:1a:2B-3c.4d 5e", want: device.Factor{Kind: device.MAC, Value: "001A2B3C4D5E"}},
		{mac: "001A2B3C4D5", code: device.CodeMACInvalid},
		{mac: "001A2B3C4D5G", code: device.CodeMACInvalid},
		{esn: "80a1b2c3", want: device.Factor{Kind: device.ESN, Value: "80A1B2C3"}},
		{esn: "12345678901", want: device.Factor{Kind: device.ESN, Value: "12345678901"}},
		{esn: "A0000012345678", want: device.Factor{Kind: device.ESN, Value: "A0000012345678"}},
		{esn: "1234567890A", code: device.CodeESNInvalid},
		{code: device.CodeFactorMissing},
		{imei: " ", code: device.CodeFactorMissing},
		{imei: "490154203237518", mac: "001A2B3C4D5E", code: device.CodeFactorAmbiguous},
	} {
		got, problems := device.ParseFactor(tt.imei, tt.mac, tt.esn)
		if got != tt.want || code(problems) != tt.code {
			t.Errorf("%+v: %+v %v", tt, got, problems)
		}
	}
}

func TestNormaliseName(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Engine 5", " engine  5 ", "ENGINE\u00a05", "Ｅｎｇｉｎｅ 5"}, {"Straße", "STRASSE"}, {"Café", "Cafe\u0301"},
	} {
		_, want, _ := device.NormaliseName(same[0])
		for _, s := range same[1:] {
			if _, key, p := device.NormaliseName(s); key != want || p != nil {
				t.Errorf("%q: key %q %v, want %q", s, key, p, want)
			}
		}
	}
	for _, bad := range []string{"", "  ", "a\x00b", "a\nb", "a\u202eb", "half \xc3", strings.Repeat("x", 101), "\u200d"} {
		if _, _, p := device.NormaliseName(bad); code(p) != device.CodeNameInvalid {
			t.Errorf("%q: %v", bad, p)
		}
	}
	if display, _, p := device.NormaliseName(" " + strings.Repeat("é", 100) + " "); p != nil || display != strings.Repeat("é", 100) {
		t.Errorf("100 characters: %v", p)
	}
}

func TestNormaliseLabels(t *testing.T) {
	t.Parallel()
	got, p := device.NormaliseLabels([]string{" north ", "vehicle", "north"})
	if diff := cmp.Diff([]string{"north", "vehicle"}, got); diff != "" || p != nil {
		t.Error(diff, p)
	}
	if got, p := device.NormaliseLabels(nil); got != nil || p != nil {
		t.Error(got, p)
	}
	many := make([]string, 51)
	for i := range many {
		many[i] = "label " + strconv.Itoa(i)
	}
	if _, p := device.NormaliseLabels(slices.Concat(many[:50], many[:50])); p != nil {
		t.Errorf("50 labels, twice: %v", p)
	}
	for _, bad := range [][]string{{""}, {"a|b"}, {"a\x00"}, {strings.Repeat("x", 51)}, many} {
		if _, p := device.NormaliseLabels(bad); code(p) != device.CodeLabelInvalid {
			t.Errorf("%d labels: %v", len(bad), p)
		}
	}
}

func TestNormaliseICCID(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", " 8901000000000000001 ": "", "890100": device.CodeICCIDInvalid, "x": device.CodeICCIDInvalid} {
		if _, p := device.NormaliseICCID(in); code(p) != want {
			t.Errorf("%q: %v", in, p)
		}
	}
}

// Devices 1: the platform recognises the model from the serial.
func TestRecogniseModel(t *testing.T) {
	t.Parallel()
	c := catalogue.Default()
	for _, tt := range []struct{ serial, named, want, code string }{
		{serial: "LA00000000000001", want: "RV50"},
		{serial: "LA00000000000001", named: " rv50 ", want: "RV50"},
		{serial: "LA00000000000001", named: "MP70", code: device.CodeModelMismatch},
		{serial: "LA00000000000001", named: "RV99", code: device.CodeModelUnknown},
		{serial: "ZZ00000000000001", code: device.CodeModelUnknown},
	} {
		m, p := device.RecogniseModel(c, tt.serial, tt.named)
		if m.Name != tt.want || code(p) != tt.code {
			t.Errorf("%+v: %s %v", tt, m.Name, p)
		}
	}
}

func FuzzNormaliseSerial(f *testing.F) {
	f.Add(" la00000000000001 ")
	f.Add("ſ\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got, problems := device.NormaliseSerial(s)
		if (got == "") != (len(problems) > 0) {
			t.Fatalf("%q %v", got, problems)
		}
		if again, _ := device.NormaliseSerial(got); again != got {
			t.Fatalf("%q becomes %q", got, again)
		}
	})
}

func FuzzParseFactor(f *testing.F) {
	f.Add("490154203237518", "", "")
	f.Add("", "00:1a:2b:3c:4d:5e", "")
	f.Add("", "", "80a1b2c3")
	f.Fuzz(func(t *testing.T, imei, mac, esn string) {
		got, problems := device.ParseFactor(imei, mac, esn)
		if (got == device.Factor{}) != (len(problems) > 0) {
			t.Fatalf("%+v %v", got, problems)
		}
		if len(problems) > 0 {
			return
		}
		in := map[device.FactorKind]string{got.Kind: got.Value}
		if again, p := device.ParseFactor(in[device.IMEI], in[device.MAC], in[device.ESN]); again != got {
			t.Fatalf("%+v becomes %+v %v", got, again, p)
		}
	})
}
