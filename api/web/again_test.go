package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// again sends the first form of a page that asks to sign in once more, with all that it
// keeps.
func (r *reader) again(at string, page seen, pairs ...string) seen {
	r.t.Helper()
	form := values(pairs)
	first := regexp.MustCompile(`(?s)<form.*?</form>`).FindString(page.body)
	for _, field := range hiddenField.FindAllStringSubmatch(first, -1) {
		if !form.Has(field[1]) {
			form.Add(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
		}
	}
	return r.sends(at, form, nil)
}

// A form that needs a fresh sign-in is asked for the password in its place, and goes on
// with what was typed.
func TestAFormGoesOnAfterAFreshSignIn(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	d.Clock.Advance(10 * time.Minute)
	asked := sam.fills("/security", "/security", "do", "makeToken", "label", `CI "of" <mine>`, "profile", "read-only", "days", "30").
		shows(http.StatusOK, "Sign in once more", "What you typed is kept", `type="password"`)
	wrong := sam.again("/security", asked, "password", "not that one").shows(http.StatusUnprocessableEntity, "Error: Sign in once more", "This is not the password")
	forged := sam.sends("/security", url.Values{"again": {"yes"}, "password": {password}, "kept.do": {"endAll"}}, nil)
	forged.shows(http.StatusForbidden, "Not sent from here")
	sam.again("/security", wrong, "password", password).shows(http.StatusOK, "It is shown only now", "CI &#34;of&#34; &lt;mine&gt;")
	sam.fills("/security", "/security", "do", "makeToken", "label", "Now", "profile", "read-only", "days", "30").shows(http.StatusOK, "It is shown only now")

	// In administration, with a second factor.
	begun := sam.fills("/security", "/security", "do", "addFactor", "kind", "totp", "name", "Phone").shows(http.StatusOK)
	secret := secretOnPage.FindStringSubmatch(begun.body)[1]
	sam.fills("/security", "/security", "do", "confirmFactor", "begun", begun.hiddenIn("begun"), "code", d.code(t, secret)).shows(http.StatusOK)
	d.Clock.Advance(10 * time.Minute)
	asked = sam.fills("/administration", "/administration", "do", "secure", "section", "security", "passwordLength", "14").shows(http.StatusOK, "Sign in once more")
	step := sam.again("/administration", asked, "password", password).shows(http.StatusOK, "Code of your authenticator app")
	step = sam.again("/administration", step, "code", "000000").shows(http.StatusUnauthorized, "not the second factor", "Code of your authenticator app")
	sam.again("/administration", step, "code", d.code(t, secret)).leadsTo("/administration?done=saved*")
	sam.opens("/administration").shows(http.StatusOK, `value="14"`)
	sam.again("/administration", step, "code", d.code(t, secret)).shows(http.StatusUnauthorized, "Error: Sign in once more", `name="password"`)
}

// The operator gives the token, and another session takes the place of this one.
func TestTheOperatorSignsInAfresh(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	operator := d.operator(t)
	d.Clock.Advance(10 * time.Minute)
	before := operator.session()
	until := d.Clock.Now().AddDate(0, 0, 7).Format("2006-01-02")
	asked := operator.fills("/audits", "/audits", "do", "grant", "email", "ann@audit.example", "until", until, "accounts", d.reseller.String()).
		shows(http.StatusOK, "Sign in once more", "Operator token")
	wrong := operator.again("/audits", asked, "operatorToken", "a guess").shows(http.StatusUnauthorized, "Operator token")
	operator.again("/audits", wrong, "operatorToken", apitest.OperatorToken).shows(http.StatusOK, "ann@audit.example", "flau_")
	if operator.session() == before {
		t.Error("the session of before goes on")
	}
	operator.opens("/audits").shows(http.StatusOK, "ann@audit.example")
}

// Readers see where they are signed in, and end what is not theirs.
func TestSessionsOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam, other := d.signedIn(t, "sam@summit.example"), d.signedIn(t, "sam@summit.example")
	other.opens("/devices").shows(http.StatusOK)
	sam.opens("/security").shows(http.StatusOK, "from 127.0.0.1 with Go-http-client/1.1", "End all other sessions")
	sam.fills("/security", "/security", "do", "endOthers").leadsTo("/security?done=ended")
	other.opens("/devices").leadsTo("/sign-in?next=%2Fdevices")
	sam.opens("/security").shows(http.StatusOK).lacks("End all other sessions")
}

// Administrators end what lets a user in.
func TestWhatLetsAUserInOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	user, err := d.Client(d.Token(d.reseller, "")).InviteUser(t.Context(), d.reseller, nil, client.NewUser{Email: otherRob, Profiles: &[]string{"read-only"}})
	must(t, err)
	_, err = d.Client("").ActivateAccount(t.Context(), d.App.Tokens.UserInvitation(user.JSON201.Uid, 1), client.ActivateAccountJSONRequestBody{Password: password})
	must(t, err)
	rob := d.signedIn(t, otherRob)
	rob.fills("/security", "/security", "do", "makeToken", "label", "Nightly", "profile", "read-only", "days", "30").shows(http.StatusOK, "It is shown only now")
	sam.opensUntil("/administration", "Sessions and tokens")
	at := "/administration/users/" + user.JSON201.Uid.String() + "?account=" + d.reseller.String()
	page := sam.opens(at).shows(http.StatusOK, otherRob, "with Go-http-client/1.1", "Nightly", "never used")
	sam.fills(at, at, "do", "revokeToken", "token", page.hiddenIn("token")).leadsTo(at + "&done=ended")
	sam.fills(at, at, "do", "revokeTokens").leadsTo(at + "&done=ended")
	sam.fills(at, at, "do", "endSession", "session", page.hiddenIn("session")).leadsTo(at + "&done=ended")
	sam.opens(at).shows(http.StatusOK, "the user is not signed in", "None.")
	rob.opens("/devices").leadsTo("/sign-in?next=%2Fdevices")
	rob = d.signedIn(t, otherRob)
	rob.opens(at).shows(http.StatusForbidden)
	sam.fills(at, at, "do", "endSessions").leadsTo(at + "&done=ended")
	sam.opens("/administration/users/nobody").shows(http.StatusNotFound)
	sam.opens("/administration/users/" + d.customer.String()).shows(http.StatusNotFound)
}
