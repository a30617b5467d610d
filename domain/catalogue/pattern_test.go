package catalogue_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/domain/catalogue"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"^LA[0-9]{14}$":                    "",
		"^(LA|LB)[0-9]{2,}$":               "",
		"^AAAA$":                           "",
		"^A[":                              "no regular expression",
		"LA[0-9]{14}":                      "does not begin",
		"^LA[0-9]{14}":                     "does not begin",
		"LA[0-9]{14}$":                     "does not begin",
		"^LA|LB$":                          "does not begin",
		"(?m)^LA00$":                       "does not begin",
		"":                                 "does not begin",
		"^la[0-9]{14}$":                    "fits no serial number",
		"^LA$":                             "fits no serial number",
		"^A-B[0-9]{4}$":                    "fits no serial number",
		"^[A-Z]{33}$":                      "fits no serial number",
		"^[A-Z0-9]{700}[A-Z0-9]{700}$":     "too complicated",
		"^A{4}" + strings.Repeat("B?", 99): "longer",
	} {
		got, err := catalogue.Pattern(pattern)
		if want == "" && (err != nil || got.String() != pattern) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{"^LA[0-9]{2}$", "^LA[0-9]{2}$", "LA00"},
		{"^LA[0-9]{2}$", "^LB[0-9]{2}$", ""},
		{"^LA[0-9]{2}$", "^LA[0-9]{3}$", ""},
		{"^LA[0-9]{2,3}$", "^LA[0-9]{3}$", "LA000"},
		{"^L[A-C][0-9]{2}$", "^[K-M]C.*9$", "LC09"},
		{"^(?i:la)77$", "^LA[5-8]+$", "LA77"},
		{"^(AB)*$", "^(ABA)*B$", "AB" + "AB"},
		{"^A+$", "^(AA)*A$", "A"},
	} {
		for _, swap := range []bool{false, true} {
			a, b := regexp.MustCompile(c.a), regexp.MustCompile(c.b)
			if swap {
				a, b = b, a
			}
			got, overlaps := catalogue.Overlap(a, b)
			if overlaps != (c.want != "") || len(got) != len(c.want) || overlaps && (!a.MatchString(got) || !b.MatchString(got)) {
				t.Errorf("%s and %s: %q %v", c.a, c.b, got, overlaps)
			}
		}
	}
}

// The models of the shipped file tell themselves apart.
func TestTheShippedPatterns(t *testing.T) {
	t.Parallel()
	models := catalogue.Default().Models()
	for i, m := range models {
		if _, err := catalogue.Pattern(m.Serial.String()); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		for _, other := range models[i+1:] {
			if example, overlaps := catalogue.Overlap(m.Serial, other.Serial); overlaps {
				t.Errorf("%s is a %s and a %s", example, m.Name, other.Name)
			}
		}
	}
}

func TestWithdrawnModelsAreKnownAndNotRecognised(t *testing.T) {
	t.Parallel()
	models := catalogue.Default().Models()
	models[1].Withdrawn = true
	c := catalogue.Of(models)
	if _, ok := c.Recognise("LB00000000000001"); ok {
		t.Error("recognised a withdrawn model")
	}
	if m, ok := c.Model("RV50X"); !ok || !m.Withdrawn {
		t.Errorf("%+v", m)
	}
	models[0].Name = "changed"
	if c.Models()[0].Name == "changed" {
		t.Error("a caller can change the catalogue")
	}
}

func FuzzOverlap(f *testing.F) {
	f.Add("^LA[0-9]{14}$", "^L[A-Z][0-9]+$")
	f.Add("^(A|B)*$", "^B+A?$")
	f.Fuzz(func(t *testing.T, one, other string) {
		a, err := catalogue.Pattern(one)
		if err != nil {
			return
		}
		b, err := catalogue.Pattern(other)
		if err != nil {
			return
		}
		example, overlaps := catalogue.Overlap(a, b)
		if _, again := catalogue.Overlap(b, a); again != overlaps {
			t.Fatalf("%s and %s: %v, swapped %v", one, other, overlaps, again)
		}
		plain := !strings.ContainsAny(one[1:len(one)-1]+other[1:len(other)-1], `\^$`) // no conditions inside
		if both := a.MatchString(example) && b.MatchString(example); overlaps && !both && plain {
			t.Fatalf("%q does not fit %s and %s", example, one, other)
		}
	})
}
