package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// In here positions and tags are numbers of the log. What clients get and send
// carries the log's epoch, too (eventlog.Epoch): the outermost stage puts it on, one
// that stands before the form of the request takes it off.

// stamped puts the epoch on the position and the tag of an answer, one that was kept
// for repeats included. It goes before every stage that looks at them.
func (s *Server) stamped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if tags := c.Request().Header.Values("If-None-Match"); len(tags) > 0 {
			known := strings.Split(strings.Join(tags, ","), ",")
			c.Request().Header.Set("If-None-Match", strings.Join(list(known, s.tagOfBefore), ","))
		}
		c.Response().Before(func() { s.stamp(c.Response().Header()) })
		return next(c)
	}
}

func (s *Server) stamp(h http.Header) {
	if p, err := eventlog.ParsePosition(h.Get("X-Position")); err == nil {
		h.Set("X-Position", s.Epoch.Position(p))
	}
	var none eventlog.Epoch
	if n, err := none.ParseTag(unquoted(h.Get("ETag"))); err == nil {
		h.Set("ETag", quoted(s.Epoch.Tag(n)))
	}
}

// tagOfBefore gives a tag that has no epoch its own, where it is of this one.
func (s *Server) tagOfBefore(tag string) string {
	if n, err := s.Epoch.ParseTag(unquoted(strings.TrimSpace(tag))); err == nil {
		return quoted(s.Epoch.Tag(n))
	}
	return tag
}

// ofThisEpoch takes the epoch off what a client sends. A position of another one is
// refused, a tag of another one matches nothing. What is neither is left to whoever
// checks the form.
func (s *Server) ofThisEpoch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if asked := c.QueryParams()["minPosition"]; len(asked) == 1 {
			p, err := s.Epoch.ParsePosition(asked[0])
			switch {
			case errors.Is(err, eventlog.ErrOtherEpoch):
				return fail(codeLogRestored,
					"The log was set back to an earlier state, or moved to another store, since this position was given out. What was written then may be gone; read anew.")
			case err == nil:
				c.QueryParams().Set("minPosition", p.String())
				c.Request().URL.RawQuery = c.QueryParams().Encode()
			}
		}
		if tags := c.Request().Header.Values("If-Match"); len(tags) == 1 {
			n, err := s.Epoch.ParseTag(unquoted(tags[0]))
			switch {
			case errors.Is(err, eventlog.ErrOtherEpoch):
				c.Request().Header.Set("If-Match", matchesNothing)
			case err == nil:
				c.Request().Header.Set("If-Match", etag(n))
			}
		}
		return next(c)
	}
}

// matchesNothing is a tag that no revision has.
const matchesNothing = `"lost"`

func quoted(tag string) string { return `"` + tag + `"` }

// unquoted is empty for what is not in quotes.
func unquoted(tag string) string {
	tag, opened := strings.CutPrefix(tag, `"`)
	tag, closed := strings.CutSuffix(tag, `"`)
	if !opened || !closed {
		return ""
	}
	return tag
}
