package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/domain"
)

// How large a posted form may be. Only whoever has signed in sends a file.
const (
	maxOpenForm = 64 << 10 // bytes; of somebody who has not signed in
	maxForm     = 1 << 20
	maxFile     = 17 << 20 // a file of devices as large as the interface takes it
)

// errTooLarge says that a form is larger than that, or broke off.
var errTooLarge = errors.New("the form is too large, or broke off")

// errNoRoom says that others are sending large forms.
var errNoRoom = errors.New("no room for a large form")

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

// readForm reads a form, a large one when there is room for it, and refuses one without
// the session's token.
func (v *visit) readForm(ctx context.Context) error {
	const inMemory = 1 << 20 // bytes; the rest of a file waits on disk
	r := v.r
	if v.desk.Room != nil && (r.ContentLength < 0 || r.ContentLength > maxForm) {
		size := r.ContentLength
		if size < 0 {
			size = maxFile
		}
		release, err := v.desk.Room(ctx, v.tenant(), size)
		if err != nil {
			return errNoRoom
		}
		defer release()
	}
	if err := r.ParseForm(); err != nil {
		return errTooLarge
	}
	if err := r.ParseMultipartForm(inMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return errTooLarge
	}
	_ = http.NewResponseController(v.w).SetWriteDeadline(time.Now().Add(answerTime)) // it may have taken long to come
	if !hmac.Equal([]byte(r.PostFormValue("form")), []byte(formToken(v.token))) {
		return errForged
	}
	return nil
}

// answerTime is for what a form asks for, and the page after it.
const answerTime = 2 * time.Minute

// tenant is whom a form is counted for.
func (v *visit) tenant() string {
	return api.Tenant(domain.Actor{Kind: domain.ActorKind(v.me.Kind), ID: v.me.Id, Account: valueOf(v.me.Account)})
}
