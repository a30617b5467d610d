package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// ownPaths are those of the interface beside /v1/.
var ownPaths = []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json"}

// mailedBefore are where links of mails led before there were pages, and where they
// lead now.
var mailedBefore = map[string]string{"/v1/activations/": "/activate/", "/v1/password-resets/": "/reset-password/", "/v1/email-confirmations/": "/confirm-email/"}

// leadingTo lets the pages answer what is not the interface's. A mailed link of
// before, to the interface, leads a browser to the page.
func leadingTo(pages http.Handler) echo.MiddlewareFunc {
	page := middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10})(echo.WrapHandler(pages))
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			path := c.Request().URL.Path
			if browsing(c.Request()) {
				if path == callbackPath { // the issuer sends a browser back here
					return page(c)
				}
				for before, now := range mailedBefore {
					if token, ok := strings.CutPrefix(path, before); ok {
						return c.Redirect(http.StatusSeeOther, now+token)
					}
				}
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
