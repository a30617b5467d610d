package api

import (
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
)

// Paths such as /v1/devices/{id}:suspend have two things in one segment, which
// echo's router cannot tell apart. Behind cleanPath the verb is a segment of
// its own, /v1/devices/{id}/:suspend, a spelling that clients cannot use. So is the
// ending of a calendar's address.

var (
	pathParameter = regexp.MustCompile(`\{([^}]+)\}`)
	verbForm      = regexp.MustCompile(`:([A-Za-z]+)$`)
)

// echoPath is a described path as the generated code registers it.
func echoPath(template string) string {
	return pathParameter.ReplaceAllString(strings.ReplaceAll(template, ":", `\:`), ":$1")
}

// Tiles have slashes in the one parameter that their path is; behind cleanPath those
// are tildes. Tools look for them in the folder tile.
const (
	tilePath, tileFolder = "/v1/audit/tiles/", "/v1/audit/tile/"
	tileSlash            = "~"
)

const calendarPath, calendarSuffix = "/v1/calendar/", ".ics"

func customVerbs(doc *openapi3.T) map[string]bool {
	verbs := map[string]bool{}
	for path := range doc.Paths.Map() {
		if m := verbForm.FindStringSubmatch(path); m != nil {
			verbs[m[1]] = true
		}
	}
	return verbs
}

// cleanPath refuses paths that are no text, and separates verbs.
func (s *Server) cleanPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		path := u.Path
		switch {
		case !utf8.ValidString(path):
			return malformed("#/path", codeInvalidUTF8, "The address is not valid UTF-8.")
		case strings.IndexByte(path, 0) >= 0:
			return malformed("#/path", codeNUL, "The address has a NUL character.")
		case strings.Contains(path, "/:"), strings.Contains(path, "/"+calendarSuffix):
			return echo.ErrNotFound
		}
		if tile, ok := strings.CutPrefix(path, tileFolder); ok {
			path = tilePath + tile
		}
		if tile, ok := strings.CutPrefix(path, tilePath); ok {
			if strings.Contains(tile, tileSlash) {
				return echo.ErrNotFound
			}
			path = tilePath + strings.ReplaceAll(tile, "/", tileSlash)
		}
		if token, ok := strings.CutSuffix(path, calendarSuffix); ok && strings.HasPrefix(path, calendarPath) {
			path = token + "/" + calendarSuffix
		}
		if i := strings.LastIndexByte(path, ':'); i >= 0 && s.verbs[path[i+1:]] {
			path = path[:i] + "/" + path[i:]
		}
		// The router and the binding take the decoded path: one meaning for all.
		u.Path, u.RawPath = path, ""
		return next(c)
	}
}

// router registers the generated routes with what goes before each handler.
type router struct{ s *Server }

func (r router) add(method, path string, h echo.HandlerFunc, m []echo.MiddlewareFunc) *echo.Route {
	op := r.s.operations[method+" "+path]
	before := []echo.MiddlewareFunc{r.s.named(op), r.s.readsOwnWrites(op), r.s.authenticated(op), r.s.limited(op), r.s.ofThisEpoch, r.s.wellFormed(op), r.s.inTurn(op), r.s.idempotent(op)}
	at := strings.Replace(path, `\:`, `/\:`, 1)
	if token, ok := strings.CutSuffix(at, calendarSuffix); ok {
		at = token + "/" + calendarSuffix
	}
	if method == http.MethodGet {
		before = append([]echo.MiddlewareFunc{withoutBody}, before...)
	}
	before = append([]echo.MiddlewareFunc{r.s.stamped}, before...)
	if method == http.MethodGet {
		r.s.echo.Add(http.MethodHead, at, h, append(before, m...)...)
	}
	return r.s.echo.Add(method, at, h, append(before, m...)...)
}

func (r router) CONNECT(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodConnect, path, h, m)
}

func (r router) DELETE(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodDelete, path, h, m)
}

func (r router) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodGet, path, h, m)
}

func (r router) HEAD(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodHead, path, h, m)
}

func (r router) OPTIONS(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodOptions, path, h, m)
}

func (r router) PATCH(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPatch, path, h, m)
}

func (r router) POST(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPost, path, h, m)
}

func (r router) PUT(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPut, path, h, m)
}

func (r router) TRACE(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodTrace, path, h, m)
}
