package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// ownPaths are those of the interface beside /v1/.
var ownPaths = []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"}

// leadingTo lets the pages answer what is not the interface's. A mailed link of
// before, to the interface, leads a browser to the page.
func leadingTo(pages http.Handler) echo.MiddlewareFunc {
	page := middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10})(echo.WrapHandler(pages))
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			path := c.Request().URL.Path
			if token, ok := strings.CutPrefix(path, "/v1/activations/"); ok && browsing(c.Request()) {
				return c.Redirect(http.StatusSeeOther, "/activate/"+token)
			}
			if token, ok := strings.CutPrefix(path, "/v1/password-resets/"); ok && browsing(c.Request()) {
				return c.Redirect(http.StatusSeeOther, "/reset-password/"+token)
			}
			if path == "/v1" || strings.HasPrefix(path, "/v1/") || slices.Contains(ownPaths, path) {
				return next(c)
			}
			return page(c)
		}
	}
}

// browsing reports whether somebody looks at an address with a browser.
func browsing(r *http.Request) bool {
	return r.Method == http.MethodGet && accepts(strings.Join(r.Header.Values("Accept"), ","), "application/json", "text/html") == "text/html"
}
