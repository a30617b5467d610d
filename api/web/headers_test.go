package web_test

import (
	"os"
	"strings"
	"testing"
)

// Every answer of every address of the desk has the headers that keep it safe, to whoever
// is signed in and to whoever is not.
func TestEveryPageIsGuarded(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	source, err := os.ReadFile("desk.go")
	must(t, err)
	sam, nobody := d.signedIn(t, "sam@summit.example"), d.reader(t)
	pages := 0
	for _, m := range route.FindAllStringSubmatch(string(source), -1) {
		path := strings.TrimSuffix(m[1], "{$}")
		for {
			before, rest, found := strings.Cut(path, "{")
			if !found {
				break
			}
			_, after, _ := strings.Cut(rest, "}")
			path = before + "018f3c5e-0000-7000-8000-000000000001" + after
		}
		for _, r := range []*reader{sam, nobody} {
			safe(t, path, r.opens(path))
			pages++
		}
	}
	if pages < 60 {
		t.Errorf("looked at %d pages only", pages)
	}
	for _, path := range []string{"/nothing", "/docs", "/docs/reference", "/assets/none.css", "/docs/none"} {
		safe(t, path, nobody.opens(path))
	}
	safe(t, "a form from elsewhere", nobody.posts("/devices"))
}

func safe(t *testing.T, path string, page seen) {
	t.Helper()
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "script-src 'unsafe") {
		t.Errorf("%s: policy %q", path, policy)
	}
	for name, want := range map[string][]string{
		"X-Content-Type-Options": {"nosniff"}, "X-Frame-Options": {"DENY"}, "Referrer-Policy": {"same-origin", "no-referrer"},
		"Cross-Origin-Opener-Policy": {"same-origin"}, "Cross-Origin-Resource-Policy": {"same-origin"},
		"Cache-Control": {"no-store", "no-cache", "public, max-age=31536000, immutable"},
	} {
		got := page.header.Get(name)
		found := false
		for _, one := range want {
			found = found || got == one
		}
		if !found {
			t.Errorf("%s: %s is %q", path, name, got)
		}
	}
	if cache := page.header.Get("Cache-Control"); cache != "no-store" && !strings.HasPrefix(path, "/docs") && !strings.HasPrefix(path, "/assets") && path != "/favicon.ico" {
		t.Errorf("%s may be kept: %q", path, cache)
	}
}
