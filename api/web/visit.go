package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// page answers one request for a page, or a form of it.
type page func(context.Context, *visit) error

// visit is one request of a reader.
type visit struct {
	desk  *Desk
	w     http.ResponseWriter
	r     *http.Request
	fleet *client.Client // the interface, as this reader
	token string         // of the session; empty when nobody has signed in
	me    openapi.Me
	query url.Values

	refusedView *client.Problem // why the view that the page shows was not saved
}

// page makes a handler of a page. Whoever has to be signed in and is not is led to
// where one signs in; a form that is not of the reader's session is refused.
func (d *Desk) page(p page, signedIn bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(maxOpenForm)
		if signedIn {
			limit = maxForm
		}
		if r.Pattern == filePage {
			limit = maxFile
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		defer func() {
			if r.MultipartForm != nil {
				_ = r.MultipartForm.RemoveAll() // of a copy of the request, which the server does not know
			}
		}()
		if err := d.visit(w, r, p, signedIn); err != nil {
			d.failed(w, r, err)
		}
	})
}

func (d *Desk) visit(w http.ResponseWriter, r *http.Request, p page, signedIn bool) (err error) {
	if signedIn && r.Method == http.MethodGet {
		r = r.WithContext(api.SharingCaller(r.Context()))
	}
	v := &visit{desk: d, w: w, r: r, token: d.session(r), query: r.URL.Query()}
	if v.fleet, err = d.api(r, v.token); err != nil {
		return err
	}
	if signedIn {
		if v.token == "" {
			d.toSignIn(w, r)
			return nil
		}
		nobody := "none"
		me, err := v.fleet.GetMe(r.Context(), &client.GetMeParams{Reached: &nobody})
		if err != nil {
			return err
		}
		v.me = *me.JSON200
		if valueOf(v.me.SecondFactorMissing) && r.URL.Path != "/security" && r.URL.Path != "/sign-out" {
			return v.to("/security") // there is nothing else to be done
		}
		if r.Method == http.MethodPost {
			return v.post(r.Context(), p)
		}
	}
	return p(r.Context(), v)
}

// post carries out a form of somebody who has signed in, once the sign-in is fresh where
// that is asked for.
func (v *visit) post(ctx context.Context, p page) error {
	if err := v.readForm(ctx); err != nil {
		return err
	}
	if v.r.PostForm.Has("again") {
		if goesOn, err := v.desk.signInAgain(ctx, v); !goesOn {
			return err
		}
	}
	err := p(ctx, v)
	if needsSignIn(err) {
		return v.desk.askAgain(v, v.r.PostForm, nil, nil)
	}
	return err
}

// today is the day in the service's time.
func (v *visit) today() calendar.Date { return calendar.DateOf(v.desk.Clock.Now()) }

// frame is what is round the content of every page: its title, the part of the
// navigation it belongs to, and the day it shows.
func (v *visit) frame(title, section string) view.Frame {
	return view.Frame{
		Title: title, Section: section, Me: v.me, Today: v.today(), AsOf: v.asOf(), Query: v.query, Path: v.r.URL.Path,
		FormToken: formToken(v.token), Done: v.query.Get("done"),
		Style: v.desk.assets.url("desk.css"), Start: v.desk.assets.url("start.js"), Script: v.desk.assets.url("htmx.min.js"), Icon: v.desk.assets.url("favicon.svg"),
	}
}

// asOf is the day that the reader asked for; zero for today.
func (v *visit) asOf() calendar.Date {
	day, err := calendar.Parse(v.query.Get("asOf"))
	if err != nil || day == v.today() {
		return 0
	}
	return day
}

// asOfParam is asOf as the interface takes it.
func (v *visit) asOfParam() *string {
	if day := v.asOf(); !day.IsZero() {
		return pointer(day.String())
	}
	return nil
}

// show answers with a page, whole or not at all.
func (v *visit) show(status int, c templ.Component) error {
	var body bytes.Buffer
	if err := c.Render(v.r.Context(), &body); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body.Bytes()) // the reader may be gone
	return nil
}

// to leads on to another page after a form was carried out.
func (v *visit) to(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// once makes a request carry the key of the form it comes from: posted twice, it is
// carried out once.
func (v *visit) once() client.RequestEditorFn {
	key, err := uuid.Parse(v.r.PostFormValue("key"))
	return func(_ context.Context, r *http.Request) error {
		if err == nil {
			r.Header.Set("Idempotency-Key", key.String())
		}
		return nil
	}
}

// forwarded passes on where a request comes from and how it is traced.
func forwarded(from *http.Request) client.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.RemoteAddr = from.RemoteAddr
		for _, name := range []string{"X-Request-Id", "Traceparent", "User-Agent"} {
			if value := from.Header.Get(name); value != "" {
				r.Header.Set(name, value)
			}
		}
		return nil
	}
}

func pointer[T any](v T) *T { return &v }

// given is nil for an empty text: a parameter that is left out.
func given[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

// either are the values of a filter, each of which will do; nil without one.
func either[T ~string](query url.Values, name string) *[]T {
	var all []T
	for _, value := range query[name] {
		if value != "" {
			all = append(all, T(value))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &all
}

func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// problemOf is the interface's refusal in an error, nil when it is something else.
func problemOf(err error) *client.Problem {
	problem, _ := errors.AsType[*client.Problem](err)
	return problem
}
