package text_test

import (
	"testing"

	"github.com/fleetledger/fleetledger/domain/text"
)

func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                     "",
		"Prairie Fire":         "Prairie Fire",
		"a-b=c+d@e":            "a-b=c+d@e",
		"north; south":         "north; south",
		"=cmd|' /C calc'!A0":   "'=cmd|' /C calc'!A0",
		"+1":                   "'+1",
		"-1":                   "'-1",
		"@SUM(A1)":             "'@SUM(A1)",
		"\tx":                  "'\tx",
		"\r=x":                 "'\r'=x",
		";=cmd":                ";'=cmd",
		"a;=cmd":               "a;'=cmd",
		"a; \t =cmd;-2;b":      "a; \t '=cmd;'-2;b",
		"a\t@x":                "a\t'@x",
		"first\n=second":       "first\n'=second",
		" =x":                  " '=x",
		"\u00a0=x":             "\u00a0'=x",
		"\u200b=x":             "\u200b'=x",
		`"=x"`:                 `"'=x"`,
		"＝cmd":                 "'＝cmd",
		"a;＋1;－2;＠x":           "a;'＋1;'－2;'＠x",
		"an e-mail: a@b;c-d=e": "an e-mail: a@b;c-d=e",
	} {
		if got := text.Cell(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
