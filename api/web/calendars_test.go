package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A calendar is made on the page, for whoever asks; its address is shown once.
func TestCalendarsOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opens("/security").shows(http.StatusOK, "Calendars", "Make a calendar", "All accounts that you see", ">Prairie Fire</option>", ">Summit Wireless</option>")
	sam.opens("/accounts/"+d.customer.String()).shows(http.StatusOK, "/security?calendar="+d.customer.String()+"#calendars")
	sam.opens("/security?calendar="+d.customer.String()).shows(http.StatusOK, `<option value="`+d.customer.String()+`" selected>Prairie Fire`)
	sam.opens("/security?calendar=11111111-1111-4111-8111-111111111111").shows(http.StatusOK).lacks("selected>Prairie")

	made := sam.fills("/security", "/security", "do", "makeCalendar", "label", "<b>Phone</b>", "of", d.customer.String(), "days", "365").
		shows(http.StatusOK, "It is shown only now", "&lt;b&gt;Phone&lt;/b&gt;", "Prairie Fire,", "never read")
	address := regexp.MustCompile(`value="([^"]*/v1/calendar/flca_[^"]+)"`).FindStringSubmatch(made.body)
	if address == nil {
		t.Fatalf("no address: %s", made.body)
	}
	if again := sam.opens("/security").shows(http.StatusOK, "never read"); strings.Contains(again.body, "flca_") {
		t.Error("the address is shown again")
	}
	nobody := d.reader(t)
	nobody.opens(address[1]).shows(http.StatusOK, "BEGIN:VCALENDAR", "X-WR-CALNAME:Renewals: Prairie Fire")
	sam.opens("/security").shows(http.StatusOK, "read last")
	sam.fills("/security", "/security", "do", "makeCalendar", "label", " ", "of", "", "days", "").
		shows(http.StatusUnprocessableEntity, "Error: Security", "label_invalid")
	id := regexp.MustCompile(`name="calendar" value="([^"]+)"`).FindStringSubmatch(made.body)[1]
	sam.fills("/security", "/security", "do", "revokeCalendar", "calendar", id).leadsTo("/security?done=ended")
	nobody.opens(address[1]).shows(http.StatusNotFound)
	sam.fills("/security", "/security", "do", "revokeCalendar", "calendar", id).shows(http.StatusNotFound)
	d.operator(t).opens("/security").shows(http.StatusOK).lacks("Calendars")
}
