package text_test

import (
	"slices"
	"testing"

	"github.com/fleetledger/fleetledger/domain/text"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Café Ñandú": "cafe nandu", "CAFE\u0301": "cafe", " Straße  12 ": "strasse 12", "Łódź": "lodz", "Ærø": "aero", "Ǿ": "o", "ǣ": "ae", "Işık": "isik", "й": "и",
		"ﬁre": "fire", "e\u0301\u200d": "e", "\u0301": "", "が": "が", "한": "한", "a\u00b4": "a",
	} {
		if got := text.Search(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := text.SearchWords(" two\tWÖRDS "); !slices.Equal(got, []string{"two", "words"}) {
		t.Errorf("words: %q", got)
	}
}

// FuzzSearch: however a text is composed, its form is the same; the form of a form
// is that form.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"Café", "e\u0301\u0327", "İ", "ǆ", "\u0345\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		form := text.Search(s)
		if again := text.Search(form); again != form {
			t.Fatalf("%q: the form of %q is %q", s, form, again)
		}
	})
}
