package web_test

import (
	"net/http"
	"regexp"
	"testing"
)

// Whoever has a device in hand asks for its release, and who has registered it answers.
func TestReleasesOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	d.registered(t, serial, imei, "engine-1")
	sam, pat := d.signedIn(t, "sam@summit.example"), d.signedIn(t, "pat@prairie.example")
	pat.fills("/register", "/register", "serialNumber", serial, "factor", imei, "name", "mine", "do", "check").
		shows(http.StatusOK, "registered_elsewhere", `href="/releases?role=asker"`)
	pat.opens("/releases?role=asker").shows(http.StatusOK, "You have asked for nothing", "Ask for the release")
	pat.fills("/releases", "/releases", "do", "ask", "serialNumber", serial, "factor", otherIMEI).
		shows(http.StatusNotFound, "Error: Releases", `value="`+otherIMEI+`"`).lacks("engine-1")
	pat.fills("/releases", "/releases", "do", "ask", "serialNumber", serial, "factor", imei, "reason", "Bought it").
		leadsTo("/releases?role=asker&done=released")
	d.caughtUp(t)
	pat.opens("/releases?role=asker").shows(http.StatusOK, serial, "Waiting", "Bought it", "Not yet").lacks(">Grant<", "Summit")
	page := sam.opens("/releases").shows(http.StatusOK, serial, "Bought it", "Prairie Fire", ">Grant<")
	id := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(page.body)[1]
	pat.fills("/releases", "/releases", "do", "grant", "request", id).shows(http.StatusNotFound)
	sam.fills("/releases", "/releases", "do", "grant", "request", id, "reason", "Sold").leadsTo("/releases?done=saved")
	sam.opens("/releases").shows(http.StatusOK, "Granted").lacks(">Grant<")
	sam.fills("/releases", "/releases", "do", "deny", "request", id).shows(http.StatusUnprocessableEntity, "already_answered")
	sam.fills("/releases", "/releases", "do", "deny", "request", "none").shows(http.StatusNotFound)
}
