package web_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// People change their own name and address; the mail's link opens a page.
func TestOneselfOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opens("/security").shows(http.StatusOK, "Name and e-mail", `value="Sam Summit"`, `value="sam@summit.example"`)
	sam.fills("/security", "/security", "do", "self", "name", "Sam Summit", "email", "sam@summit.example").leadsTo("/security?done=saved")
	sam.fills("/security", "/security", "do", "self", "name", "", "email", "nobody").
		shows(http.StatusUnprocessableEntity, "Error: Security", "name_invalid", "email_invalid", `value="nobody"`)
	sam.fills("/security", "/security", "do", "self", "name", "Sam S.", "email", "pat@prairie.example").
		shows(http.StatusConflict, "email_taken", `value="Sam S."`)
	sam.fills("/security", "/security", "do", "self", "name", "Sam S.", "email", "sam@new.example").leadsTo("/security?done=asked")
	sam.opens("/security").shows(http.StatusOK, `value="Sam S."`, "sam@new.example is not confirmed yet")

	me, err := d.Client(sam.session()).GetMe(t.Context(), &client.GetMeParams{})
	must(t, err)
	link := "/confirm-email/" + d.App.Tokens.EmailChange(uuid.MustParse(me.JSON200.Id), 1)
	nobody := d.reader(t)
	page := nobody.opens(link).shows(http.StatusOK, "sam@new.example", "Confirm the address")
	if got := page.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the token is sent on: %q", got)
	}
	nobody.posts(link).leadsTo("/sign-in?passed=confirmed")
	nobody.posts(link).shows(http.StatusNotFound, "This link does not work any more")
	nobody.opens("/confirm-email/guess").shows(http.StatusNotFound, "This link does not work any more")
	sam.opens("/security").shows(http.StatusOK, `value="sam@new.example"`).lacks("is not confirmed yet")
	d.signedIn(t, "sam@new.example")
	d.operator(t).opens("/security").shows(http.StatusOK).lacks("Name and e-mail")
}
