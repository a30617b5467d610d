package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// withoutBody answers HEAD as GET, and a read whose answer the client has already
// (If-None-Match) with 304: headers, and nothing after them.
func withoutBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, w := c.Request(), c.Response()
		known := r.Header.Values("If-None-Match")
		if r.Method != http.MethodHead && len(known) == 0 {
			return next(c)
		}
		body := &droppedBody{ResponseWriter: w.Writer, drop: r.Method == http.MethodHead}
		w.Writer = body
		w.Before(func() {
			if w.Status == http.StatusOK && names(known, w.Header().Get("ETag")) {
				w.Status, body.drop = http.StatusNotModified, true
				w.Header().Del("Content-Type")
			}
		})
		return next(c)
	}
}

// names reports whether a list of tags has the tag, weak ones too.
func names(list []string, tag string) bool {
	for one := range strings.SplitSeq(strings.Join(list, ","), ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if tag != "" && (one == "*" || one == tag) {
			return true
		}
	}
	return false
}

// droppedBody is a writer that may drop what comes after the headers.
type droppedBody struct {
	http.ResponseWriter
	drop bool
}

func (d *droppedBody) Write(p []byte) (int, error) {
	if d.drop {
		return len(p), nil
	}
	return d.ResponseWriter.Write(p)
}

// Unwrap lets flushing and deadlines through.
func (d *droppedBody) Unwrap() http.ResponseWriter { return d.ResponseWriter }
