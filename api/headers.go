package api

import "net/http"

// answerPolicy lets an answer of the interface load nothing and stand in no frame, should a
// browser show it. Pages have one of their own.
const answerPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// protect sets the headers that every answer has, errors included. Whoever answers may
// replace them: pages their policy, what is everybody's how long it may be kept.
func protect(h http.Header, encrypted bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // some addresses have a token in them
	h.Set("Content-Security-Policy", answerPolicy)
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	if encrypted {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
