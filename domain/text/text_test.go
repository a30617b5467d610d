package text_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/fleetledger/fleetledger/domain/text"
)

func TestName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"": text.ErrEmpty, " \u3000\t": text.ErrEmpty, "\u200d": text.ErrEmpty,
		"a\xff": text.ErrEncoding, "a\xc3": text.ErrEncoding,
		"a\x00b": text.ErrInvisible, "a\nb": text.ErrInvisible, "a\u200bb": text.ErrInvisible, "a\u202eb": text.ErrInvisible,
		"a\u2028b": text.ErrInvisible, "a\ufffdb": text.ErrInvisible, "a\ue000b": text.ErrInvisible,
		"ok": nil, "👨\u200d👩\u200d👧": nil,
	} {
		if _, _, err := text.Name(in, 20); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
	if _, _, err := text.Name("ab", 1); err == nil {
		t.Error("too long is accepted")
	}
}

func TestFree(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"": nil, " \n": nil, "two\r\nlines\tand more": nil, "a\u200bb": nil,
		"a\xff": text.ErrEncoding, "a\x00b": text.ErrControl, "a\u0085b": text.ErrControl, "a\ufffdb": text.ErrControl,
	} {
		if _, err := text.Free(in, 20); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
	if got, err := text.Free(" éé\n", 2); got != "éé" || err != nil {
		t.Errorf("trimmed: %q %v", got, err)
	}
	if _, err := text.Free("ééé", 2); err == nil || err.Error() != "is longer than 2 characters" {
		t.Errorf("too long: %v", err)
	}
}

func TestJoinersDoNotCount(t *testing.T) {
	t.Parallel()
	if text.Key("Fire\u200dflies") != text.Key("Fireflies") {
		t.Error("a joiner makes another name of what looks the same")
	}
}

// The key of what has ASCII only is the one that folding gives.
func TestKeyOfASCII(t *testing.T) {
	t.Parallel()
	for a := range utf8.RuneSelf {
		for b := range utf8.RuneSelf {
			s := string([]byte{byte(a), byte(b), 'X'})
			if folded, key := text.Key(s+" é"), text.Key(s)+" é"; folded != key {
				t.Fatalf("%q: %q, folded %q", s, key, folded)
			}
		}
	}
}

func BenchmarkKey(b *testing.B) {
	for b.Loop() {
		text.Key("Engine LS00000000000042")
	}
}

// FuzzName: what is accepted is accepted again as shown, with the same key, and
// the key of a key is that key.
func FuzzName(f *testing.F) {
	for _, s := range []string{"Prairie Fire", "Straße", "ǅ", "ﷺ", "e\u0301", "ΐ", "İ", "a\u200db", "\u0345\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		display, key, err := text.Name(s, 100)
		if err != nil {
			return
		}
		if !utf8.ValidString(display) || !utf8.ValidString(key) {
			t.Fatalf("%q: %q %q", s, display, key)
		}
		if d, k, err := text.Name(display, 100); d != display || k != key || err != nil {
			t.Fatalf("%q: shown as %q, then %q; key %q, then %q (%v)", s, display, d, key, k, err)
		}
		if again := text.Key(key); again != key {
			t.Fatalf("%q: the key of %q is %q", s, key, again)
		}
	})
}
