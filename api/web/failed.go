package web

import (
	"errors"
	"net/http"

	"github.com/fleetledger/fleetledger/api/web/view"
)

// errNoPage says that there is nothing at an address.
var errNoPage = errors.New("no such page")

// failed answers with a page that says what did not happen.
func (d *Desk) failed(w http.ResponseWriter, r *http.Request, err error) {
	if signedOut(err) {
		d.forget(w, r)
		d.toSignIn(w, r)
		return
	}
	v := &visit{desk: d, w: w, r: r, token: d.session(r), query: r.URL.Query()}
	status, shown := http.StatusInternalServerError, view.Failure{
		Title:  "This did not work",
		Detail: "Something went wrong here, and nothing was changed. Try again; if it happens again, tell the operator the request number.",
	}
	problem := problemOf(err)
	switch {
	case errors.Is(err, errNoPage), problem != nil && problem.Status == http.StatusNotFound:
		status = http.StatusNotFound
		shown.Title, shown.Detail = "Nothing here", "There is no such page, or it is not yours to see."
	case errors.Is(err, errForged):
		status = http.StatusForbidden
		shown.Title = "Not sent from here"
		shown.Detail = "This form did not come from a page of your present session, so nothing was changed. Go back, reload the page and send it again."
	case errors.Is(err, errTooLarge):
		status = http.StatusRequestEntityTooLarge
		shown.Title, shown.Detail = "Too large", "A file may have 16 MiB, and this form was larger or broke off. Nothing was changed; divide the file and send the parts."
	case errors.Is(err, errNoRoom):
		status = http.StatusServiceUnavailable
		shown.Title, shown.Detail = "Not at the moment", "Too many large files are being sent. Nothing was changed; try again in a moment."
		w.Header().Set("Retry-After", "5")
	case problem != nil && problem.Status == http.StatusForbidden:
		status = http.StatusForbidden
		shown.Title, shown.Detail = "Not for you to see or do", problem.Detail
	case problem != nil && problem.Passing():
		status = problem.Status
		shown.Title, shown.Detail = "Not at the moment", problem.Detail+" Nothing was changed; try again in a moment."
		w.Header().Set("Retry-After", problem.Header.Get("Retry-After"))
	case problem != nil && problem.Status < http.StatusInternalServerError:
		status = problem.Status
		shown.Title, shown.Detail = "Refused", problem.Detail
	default:
		d.Logger.ErrorContext(r.Context(), "page failed", "page", r.Pattern, "error", err)
	}
	shown.Request = w.Header().Get("X-Request-Id")
	if err := v.show(status, view.FailurePage(v.frame(shown.Title, ""), shown)); err != nil {
		d.Logger.ErrorContext(r.Context(), "page failed", "page", r.Pattern, "error", err)
	}
}
