package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// posted finds the forms of a page that are posted. One without a button only shows
// what there is.
var posted = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)".*?</form>`)

// An auditor signs in with the token of the grant, reads what the grant names, changes
// nothing, and is out when the grant ends.
func TestAuditorOnThePages(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	device := d.registered(t, "LD72997819284879", "004491972154667", "engine-1")
	operator := d.Client(apitest.OperatorToken)
	granted, err := operator.GrantAudit(t.Context(), nil, client.GrantAuditJSONRequestBody{
		Auditor: openapi.Auditor{Email: "ann@audit.example", Name: new("Ann Auditor")}, Accounts: []uuid.UUID{d.reseller},
		ExpiresAt: d.Clock.Now().Add(48 * time.Hour),
	})
	must(t, err)
	grant := granted.JSON201
	d.caughtUp(t)

	ann := d.reader(t)
	ann.posts("/sign-in", "auditToken", "flau_guess").shows(http.StatusUnauthorized, "not the token of an audit grant")
	ann.posts("/sign-in", "auditToken", apitest.OperatorToken).shows(http.StatusForbidden)
	ann.posts("/sign-in", "auditToken", grant.Token).leadsTo("/")
	ann.opens("/").leadsTo("/accounts")
	for path, text := range map[string]string{
		"/accounts": "Summit Wireless", "/accounts/" + d.reseller.String(): "Summit Wireless", "/devices": "engine-1",
		"/devices/" + device: "engine-1", "/security": "this one", "/administration?account=" + d.reseller.String(): "Sam Summit",
	} {
		page := ann.opens(path).shows(http.StatusOK, text)
		for _, form := range posted.FindAllStringSubmatch(page.body, -1) {
			if strings.Contains(form[0], "<button") && form[1] != "/sign-out" && form[1] != "/security" {
				t.Errorf("%s has a form to %s", path, form[1])
			}
		}
	}
	ann.opens("/accounts/" + d.customer.String()).shows(http.StatusNotFound)
	ann.opens("/operations/" + uuid.NewString()).shows(http.StatusNotFound)
	ann.fills("/security", "/devices/"+device, "do", "suspend").shows(http.StatusForbidden)
	ann.fills("/security", "/accounts/"+d.reseller.String(), "do", "close", "confirm", "yes").shows(http.StatusForbidden)
	ann.fills("/security", "/views", "do", "save", "page", "devices", "name", "x", "query", "").shows(http.StatusForbidden)

	_, err = operator.RevokeAuditGrant(t.Context(), grant.Id, nil, client.RevokeAuditGrantJSONRequestBody{})
	must(t, err)
	ann.opens("/devices").leadsTo("/sign-in?next=%2Fdevices")
	ann.posts("/sign-in", "auditToken", grant.Token).shows(http.StatusUnauthorized, "not the token of an audit grant")
}

// A session of an auditor lasts no longer than its grant.
func TestAuditorsSessionEnds(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	granted, err := d.Client(apitest.OperatorToken).GrantAudit(t.Context(), nil, client.GrantAuditJSONRequestBody{
		Auditor: openapi.Auditor{Email: "ann@audit.example", Name: new("Ann Auditor")}, Accounts: []uuid.UUID{d.reseller},
		ExpiresAt: d.Clock.Now().Add(time.Hour),
	})
	must(t, err)
	ann := d.reader(t)
	ann.posts("/sign-in", "auditToken", granted.JSON201.Token).leadsTo("/")
	ann.opens("/accounts").shows(http.StatusOK)
	ann.fills("/security", "/sign-out").leadsTo("/sign-in?passed=out")
	ann.posts("/sign-in", "auditToken", granted.JSON201.Token).leadsTo("/")
	d.Clock.Advance(time.Hour)
	ann.opens("/accounts").leadsTo("/sign-in?next=%2Faccounts")
}
