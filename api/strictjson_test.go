package api

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSurrogates(t *testing.T) {
	t.Parallel()
	for text, whole := range map[string]bool{
		`"😀"`:             true,
		`"\ud83d\ude00"`:  true,
		`"\\ud83d"`:       true, // a backslash and five letters
		`"\\\ud83d"`:      false,
		`"\ud83d\u0041"`:  false,
		`"\ude00\ud83d"`:  false,
		`"\ud83d\ud83d"`:  false,
		`"\uD83D \uDE00"`: false,
		`"\u00e9\n\t\"x"`: true,
		`"a","\ud83d`:     false,
	} {
		if got := halfSurrogate([]byte(text)) < 0; got != whole {
			t.Errorf("%s: whole %t", text, got)
		}
	}
}

// Whatever parseJSON lets pass, encoding/json reads to the same value without
// repairing anything.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x",null,true,{"b":{}}]}`, `{"a":1,"a":2}`, `"\ud83d\ude00"`, `"\ud83d"`, `[1,]`, `1 2`, "\"\x00\"", `"\u0000"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, problems := parseJSON(data, nil)
		if len(problems) > 0 {
			return
		}
		var plain any
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		decoder.UseNumber()
		if err := decoder.Decode(&plain); err != nil {
			t.Fatalf("passed and is not JSON: %v", err)
		}
		one, err1 := json.Marshal(value)
		two, err2 := json.Marshal(plain)
		if err1 != nil || err2 != nil || string(one) != string(two) {
			t.Fatalf("%s and %s (%v, %v)", one, two, err1, err2)
		}
		if !utf8.Valid(data) || strings.Contains(string(one), `\u0000`) && !strings.Contains(string(data), `\\u0000`) {
			t.Fatalf("passed: %q", data)
		}
	})
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                   "application/json",
		"*/*":                                "application/json",
		"text/csv":                           "text/csv",
		"TEXT/CSV; charset=utf-8":            "text/csv",
		"text/html, text/csv;q=0.8":          "text/csv",
		"text/csv;q=0.5, application/json":   "application/json",
		"text/csv, application/json;q=0.9":   "text/csv",
		"text/csv;q=0":                       "application/json",
		"image/png":                          "application/json",
		"application/json;q=x, text/csv;q=1": "application/json",
	} {
		if got := accepts(header, "application/json", "text/csv"); got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
}
