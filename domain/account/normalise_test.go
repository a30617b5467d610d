package account_test

import (
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/domain/account"
)

// Accounts 3: names compare after trimming, folding inner spaces, NFKC and case
// folding.
func TestNormaliseName(t *testing.T) {
	t.Parallel()
	_, want, _ := account.NormaliseName("Prairie Fire")
	for _, s := range []string{" prairie   FIRE ", "Ｐrairie\u3000Fire", "PRAIRIE\u00a0FIRE"} {
		if _, key, p := account.NormaliseName(s); key != want || p != nil {
			t.Errorf("%q: %q %v", s, key, p)
		}
	}
	if display, _, _ := account.NormaliseName(" Prairie Fire "); display != "Prairie Fire" {
		t.Errorf("shown as %q", display)
	}
	for _, bad := range []string{"", " \t ", "a\x00", "\xff", strings.Repeat("x", 101)} {
		if _, _, p := account.NormaliseName(bad); len(p) != 1 || p[0].Code != account.CodeNameInvalid {
			t.Errorf("%q: %v", bad, p)
		}
	}
}

// Accounts 3: e-mails compare case-insensitively.
func TestNewEmailsCanBeSentTo(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a@x.example", "A.b+c@Mail.x-y.example", "zoë@bücher.example", "a@xn--bcher-kva.example", "a@1und1.example"} {
		if display, key, p := account.NewEmail(good); len(p) > 0 || display != good || key == "" {
			t.Errorf("%s: %v", good, p)
		}
	}
	for _, bad := range []string{
		"a@b", "a@localhost", "a@192.0.2.1", "a@[192.0.2.1]", "a@x..example", "a@.example", "a@x.example.", "a@-x.example", "a@x-.example",
		"a@x_y.example", "a@x.1", "a@x.y", "a@" + strings.Repeat("x", 64) + ".example", strings.Repeat("x", 65) + "@x.example", "x", "",
	} {
		if _, _, p := account.NewEmail(bad); len(p) != 1 || p[0].Code != account.CodeEmailInvalid {
			t.Errorf("%s: %v", bad, p)
		}
	}
	if _, key, p := account.NormaliseEmail("a@b"); len(p) > 0 || key != "a@b" {
		t.Errorf("an address of before: %v", p)
	}
}

func TestNormaliseEmail(t *testing.T) {
	t.Parallel()
	display, key, p := account.NormaliseEmail(" Admin@Customer.Example ")
	if _, lower, _ := account.NormaliseEmail("admin@customer.example"); p != nil || display != "Admin@Customer.Example" || key != lower {
		t.Errorf("%q %q %v", display, key, p)
	}
	for _, bad := range []string{
		"", "nobody", "@customer.example", "admin@", "a b@customer.example", "Ada <admin@customer.example>", `"a b"@customer.example`,
		"a@b@customer.example", "admin@customer.example\r\nBcc: x@y.example", "admin@customer.example\x00", "\xff@customer.example",
		"ad\u200bmin@customer.example", strings.Repeat("x", 250) + "@customer.example",
	} {
		if _, _, p := account.NormaliseEmail(bad); len(p) != 1 || p[0].Code != account.CodeEmailInvalid {
			t.Errorf("%q: %v", bad, p)
		}
	}
}
