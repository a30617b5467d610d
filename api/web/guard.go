package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
)

// maxForm bounds a posted form: a file of devices as large as the interface takes it is
// the largest.
const maxForm = 17 << 20 // bytes

// errTooLarge says that a form is larger than that, or broke off.
var errTooLarge = errors.New("the form is too large, or broke off")

// policy lets a page load its own assets, talk to its own server, and nothing else.
// Nothing inline runs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded sets the headers that keep a page safe, and refuses forms that another
// site has sent.
func (d *Desk) guarded(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.failed(w, r, errForged)
	}))
	checked := crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if d.encrypted(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		checked.ServeHTTP(w, r)
	})
}

// errForged says that a form was not sent from a page of the desk.
var errForged = errors.New("the form did not come from a page of this desk")

// formToken is what the forms of a session carry: whoever does not know the session
// cannot make it.
func formToken(session string) string {
	mac := hmac.New(sha256.New, []byte(session))
	mac.Write([]byte("forms of the desk"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// checkForm refuses a form that is too large, or without the session's token.
func checkForm(r *http.Request, session string) error {
	const inMemory = 1 << 20 // bytes; the rest of a file waits on disk
	if err := r.ParseForm(); err != nil {
		return errTooLarge
	}
	if err := r.ParseMultipartForm(inMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // the body is bounded by maxForm
		return errTooLarge
	}
	if !hmac.Equal([]byte(r.PostFormValue("form")), []byte(formToken(session))) {
		return errForged
	}
	return nil
}
