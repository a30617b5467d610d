package web_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

var requestID = regexp.MustCompile(`name="request" value="([^"]+)"`)

// A reseller asks an account for a partnership by its UID; the account's administrator
// accepts and chooses the profile.
func TestPartnershipRequestsOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	account, err := d.Client(apitest.OperatorToken).CreateAccount(t.Context(), nil, client.CreateAccountJSONRequestBody{
		Name: "Ridge Radio", Type: openapi.Reseller, Administrator: openapi.Administrator{Email: "rae@ridge.example"},
	})
	must(t, err)
	d.activated(t, account.JSON201.Uid, "Rae Ridge")
	rae, sam, pat := d.signedIn(t, "rae@ridge.example"), d.signedIn(t, "sam@summit.example"), d.signedIn(t, "pat@prairie.example")

	d.caughtUp(t)
	rae.opens("/partners").shows(http.StatusOK, "Ask an account for a partnership")
	pat.opens("/partners").shows(http.StatusOK).lacks("Requests for partnerships")
	rae.fills("/partners", "/partners", "do", "request", "account", "Prairie Fire", "note", "Hello").
		shows(http.StatusUnprocessableEntity, "Error: Partners", "Type the UID", `value="Prairie Fire"`, `value="Hello"`)
	ask := []string{"do", "request", "account", d.customer.String(), "profile", "renewals", "note", "We met in May"}
	rae.fills("/partners", "/partners", ask...).leadsTo("/partners?done=requested")
	id := requestID.FindStringSubmatch(rae.opens("/partners").shows(http.StatusOK, "Waiting", "2026-03-15", "today", "We met in May", "Withdraw").body)[1]
	sam.opens("/partners").shows(http.StatusOK).lacks("We met in May")
	sam.fills("/partners", "/partners", "do", "withdraw", "request", id).shows(http.StatusNotFound)
	rae.fills("/partners", "/partners", "do", "withdraw", "request", id).leadsTo("/partners?done=saved")
	rae.fills("/partners", "/partners", "do", "withdraw", "request", id).leadsTo("/partners?done=saved") // once more changes nothing

	rae.fills("/partners", "/partners", ask...).leadsTo("/partners?done=requested")
	d.caughtUp(t)
	for _, page := range []string{"/partners", "/administration"} {
		pat.opens(page).shows(http.StatusOK, "Ridge Radio", "We met in May", "Accept Ridge Radio", `<option value="renewals" selected>`)
	}
	id = requestID.FindStringSubmatch(pat.opens("/partners").body)[1]
	pat.fills("/partners", "/partners", "do", "accept", "request", id, "profile", "read-only").leadsTo("/partners?done=saved")
	pat.opens("/partners").shows(http.StatusOK, "Ridge Radio", "Accepted")
	d.caughtUp(t)
	rae.opens("/partners").shows(http.StatusOK, "Prairie Fire", "Read only")
	rae.fills("/partners", "/partners", ask...).shows(http.StatusConflict, "already_partnered")
	pat.fills("/partners", "/partners", "do", "decline", "request", "none").shows(http.StatusNotFound)
}
