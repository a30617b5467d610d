package web

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/client"
)

// The cookie that holds a session's token. Behind TLS its name makes browsers keep
// it to this host.
const (
	cookieName       = "fleetledger_session"
	secureCookieName = "__Host-" + cookieName
)

// encrypted reports whether the reader's browser talks TLS to whatever is in front.
func (d *Desk) encrypted(r *http.Request) bool {
	return api.Encrypted(r) || strings.HasPrefix(d.PublicURL, "https://")
}

// secure reports whether the session's cookie goes over TLS only: always, but on this
// machine itself.
func (d *Desk) secure(r *http.Request) bool { return d.encrypted(r) || !loopback(r.Host) }

// loopback reports whether a host, with a port or without, is this machine.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (d *Desk) cookieName(r *http.Request) string {
	if d.secure(r) {
		return secureCookieName
	}
	return cookieName
}

// session is the token of the reader's session, empty without one.
func (d *Desk) session(r *http.Request) string {
	c, err := r.Cookie(d.cookieName(r))
	if err != nil {
		return ""
	}
	return c.Value
}

// remember keeps a session in the browser as long as it lasts. The service's clock may
// differ from the browser's, so it is told how long, not until when.
func (d *Desk) remember(w http.ResponseWriter, r *http.Request, token string, expires time.Time) {
	d.setCookie(w, r, token, max(1, int(expires.Sub(d.Clock.Now()).Seconds())))
}

// forget ends the session in the browser.
func (d *Desk) forget(w http.ResponseWriter, r *http.Request) { d.setCookie(w, r, "", -1) }

func (d *Desk) setCookie(w http.ResponseWriter, r *http.Request, token string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever it is reached by https
		Name: d.cookieName(r), Value: token, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: d.secure(r), SameSite: http.SameSiteLaxMode,
	})
}

// api is the interface as the reader calls it; acting for an account where one is
// named.
func (d *Desk) api(r *http.Request, token string) (*client.Client, error) {
	return client.New("http://"+r.Host, token, client.WithHandler(d.API), client.WithRequestEditorFn(forwarded(r)))
}

// signedOut reports whether the interface does not know the session any more.
func signedOut(err error) bool {
	problem, ok := errors.AsType[*client.Problem](err)
	return ok && problem.Status == http.StatusUnauthorized
}

// toSignIn leads whoever is not signed in there, and back afterwards.
func (d *Desk) toSignIn(w http.ResponseWriter, r *http.Request) {
	at := "/sign-in"
	if r.Method == http.MethodGet && r.URL.RequestURI() != "/" {
		at += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	if r.Header.Get("HX-Request") != "" { // part of a page: the whole page is to go
		w.Header().Set("HX-Redirect", at)
		return
	}
	http.Redirect(w, r, at, http.StatusSeeOther)
}

// ownPath is a path on this desk to go on to, / for anything else.
func ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
