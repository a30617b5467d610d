package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"github.com/fleetledger/fleetledger/api/client"
)

// hiddenIn is what a page's form carries under a name.
func (s seen) hiddenIn(name string) string {
	s.t.Helper()
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(s.body)
	if found == nil {
		s.t.Fatalf("no %s on the page: %s", name, s.body)
	}
	return html.UnescapeString(found[1])
}

var secretOnPage = regexp.MustCompile(`<code class="uid">([A-Z2-7]{32})</code>`)

// code is what an authenticator app shows.
func (d *desk) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, d.Clock.Now())
	must(t, err)
	return code
}

// An authenticator app needs no scripts: from the first code to the second step.
func TestAnAuthenticatorAppOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opens("/security").shows(http.StatusOK, "Second factors", "Use an authenticator app", "Make a passkey")
	sam.fills("/security", "/security", "do", "addFactor", "kind", "totp", "name", " ").shows(http.StatusUnprocessableEntity, "Error: Security", "needs a name")
	begun := sam.fills("/security", "/security", "do", "addFactor", "kind", "totp", "name", "Phone").shows(http.StatusOK, "<svg class=\"qr\"", "The code that it shows")
	secret := secretOnPage.FindStringSubmatch(begun.body)[1]
	wrong := sam.fills("/security", "/security", "do", "confirmFactor", "begun", begun.hiddenIn("begun"), "code", "000000").
		shows(http.StatusUnprocessableEntity, "does not confirm", secret)
	confirmed := sam.fills("/security", "/security", "do", "confirmFactor", "begun", wrong.hiddenIn("begun"), "code", d.code(t, secret)).
		shows(http.StatusOK, "Your recovery codes", "Phone", "10 left")
	recovery := regexp.MustCompile(`<code class="uid">([A-Z2-7]{4}(-[A-Z2-7]{4}){3})</code>`).FindAllStringSubmatch(confirmed.body, -1)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	sam.opens("/security").shows(http.StatusOK, "10 left").lacks(recovery[0][1], secret)

	other := d.reader(t)
	step := other.posts("/sign-in", "email", "sam@summit.example", "password", password, "next", "/devices").
		shows(http.StatusOK, "One more step", `autocomplete="one-time-code"`, "Recovery code")
	if other.session() != "" {
		t.Fatal("a session before the factor")
	}
	other.opens("/devices").leadsTo("/sign-in?next=%2Fdevices")
	again := other.posts("/sign-in/second-step", "step", step.hiddenIn("step"), "code", "000000", "next", step.hiddenIn("next")).
		shows(http.StatusUnauthorized, "Error: Sign in", "not the second factor")
	d.Clock.Advance(30 * time.Second)
	other.posts("/sign-in/second-step", "step", again.hiddenIn("step"), "code", d.code(t, secret), "next", again.hiddenIn("next")).leadsTo("/devices")
	d.reader(t).posts("/sign-in/second-step", "step", again.hiddenIn("step"), "code", d.code(t, secret)).
		shows(http.StatusUnauthorized, "Sign in again", `name="password"`)
	d.reader(t).posts("/sign-in/second-step", "step", "{", "code", "1").shows(http.StatusNotFound)

	lost := d.reader(t)
	step = lost.posts("/sign-in", "email", "sam@summit.example", "password", password).shows(http.StatusOK, "One more step")
	lost.posts("/sign-in/second-step", "step", step.hiddenIn("step"), "recoveryCode", strings.ToLower(recovery[3][1])).leadsTo("/")
	lost.opens("/security").shows(http.StatusOK, "9 left")
	lost.fills("/security", "/security", "do", "recoveryCodes").shows(http.StatusOK, "They are shown only now", "10 left").lacks(recovery[0][1])
	lost.fills("/security", "/security", "do", "removeFactor", "factor", lost.opens("/security").hiddenIn("factor")).leadsTo("/security?done=saved")
	lost.opens("/security").shows(http.StatusOK, "With one, a stolen password alone lets nobody in")
	d.signedIn(t, "sam@summit.example")
}

// Where the account requires a factor, there is one page until it is set up.
func TestARequiredFactorOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opens("/administration").shows(http.StatusOK, "Users need a second factor")
	sam.fills("/administration", "/administration", "do", "secure", "section", "security", "secondFactor", "yes", "passwordLength", "12").leadsTo("/administration?done=saved*")
	for _, page := range []string{"/", "/devices", "/administration", "/customers/new"} {
		sam.opens(page).leadsTo("/security")
	}
	page := sam.opens("/security").shows(http.StatusOK, "Set up a second factor", "Use an authenticator app", "Sign out")
	page.lacks("Personal API tokens", "Change the password")
	begun := sam.fills("/security", "/security", "do", "addFactor", "kind", "totp", "name", "Phone").shows(http.StatusOK, "Set up a second factor", "<svg class=\"qr\"")
	secret := secretOnPage.FindStringSubmatch(begun.body)[1]
	sam.fills("/security", "/security", "do", "confirmFactor", "begun", begun.hiddenIn("begun"), "code", d.code(t, secret)).
		shows(http.StatusOK, "Your recovery codes", "Personal API tokens")
	sam.opens("/devices").shows(http.StatusOK)
	sam.fills("/security", "/security", "do", "removeFactor", "factor", sam.opens("/security").hiddenIn("factor")).
		shows(http.StatusUnprocessableEntity, "this is the last one")
}

// Administrators see who has a second factor, and they and the operator take lost ones
// away; nobody else does, and twice is once.
func TestLostFactorsOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam, pat := d.signedIn(t, "sam@summit.example"), d.signedIn(t, "pat@prairie.example")
	user, err := d.Client(d.Token(d.reseller, "")).InviteUser(t.Context(), d.reseller, nil, client.NewUser{Email: otherRob, Profiles: &[]string{"read-only"}})
	must(t, err)
	_, err = d.Client("").ActivateAccount(t.Context(), d.App.Tokens.UserInvitation(user.JSON201.Uid, 1), client.ActivateAccountJSONRequestBody{Password: password})
	must(t, err)
	uid, page := user.JSON201.Uid.String(), "/administration/users/"+user.JSON201.Uid.String()
	protected := func() *reader {
		rob := d.signedIn(t, otherRob)
		begun := rob.fills("/security", "/security", "do", "addFactor", "kind", "totp", "name", "Phone").shows(http.StatusOK)
		secret := secretOnPage.FindStringSubmatch(begun.body)[1]
		rob.fills("/security", "/security", "do", "confirmFactor", "begun", begun.hiddenIn("begun"), "code", d.code(t, secret)).shows(http.StatusOK)
		return rob
	}
	takesAway := func(who *reader, from, account, user string) seen {
		return who.fills(from, "/administration"+account, "do", "resetFactors", "section", "users", "user", user)
	}
	sam.opensUntil("/administration", "Take away lost factors")
	sam.opens(page).shows(http.StatusOK, "None: a password is enough.")
	rob := protected()
	sam.opensUntil("/administration", "Second factor: Authenticator app")
	sam.opens(page).shows(http.StatusOK, "<h2 id=\"factors\">Second factors</h2>", "Authenticator app").lacks("a password is enough", "Phone")

	of := "?account=" + d.reseller.String()
	takesAway(rob, "/security", "", uid).shows(http.StatusForbidden)
	takesAway(pat, "/security", of, uid).shows(http.StatusNotFound)
	takesAway(pat, "/security", "", uid).shows(http.StatusNotFound)
	takesAway(sam, "/administration", "", uuid.NewString()).shows(http.StatusNotFound)
	rob.opens("/security").shows(http.StatusOK, "Phone")

	for range 2 {
		takesAway(sam, "/administration", "", uid).leadsTo("/administration?done=saved*")
		rob.opens("/security").leadsTo("/sign-in?next=%2Fsecurity")
		sam.opens(page).shows(http.StatusOK, "None: a password is enough.")
	}
	rob = protected()
	takesAway(d.operator(t), "/administration"+of, of, uid).leadsTo("/administration?done=saved*")
	rob.opens("/security").leadsTo("/sign-in?next=%2Fsecurity")
	d.signedIn(t, otherRob)
}
