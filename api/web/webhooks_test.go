package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// Administrators make webhooks, try them, change and remove them on their page; nobody
// else has it.
func TestWebhooksPage(t *testing.T) {
	t.Parallel()
	d := givenDesk(t)
	sam := d.signedIn(t, "sam@summit.example")
	sam.opens("/administration").shows(http.StatusOK, `href="/webhooks"`)
	sam.opens("/webhooks").shows(http.StatusOK, "None.")
	sam.fills("/webhooks", "/webhooks", "label", "inside", "address", "https://10.0.0.1/").shows(http.StatusUnprocessableEntity, "The address cannot be used", "https://10.0.0.1/")
	made := sam.fills("/webhooks", "/webhooks", "label", "warehouse", "address", "https://127.0.0.1:65000/", "types", "Renamed, Suspended").shows(http.StatusOK, "whsec_", "warehouse")
	_, rest, _ := strings.Cut(made.body, `href="/webhooks/`)
	id, _, _ := strings.Cut(rest, `"`)
	at := "/webhooks/" + id
	sam.opens(at).shows(http.StatusOK, "warehouse", "Nothing was sent yet")
	sam.fills(at, at, "do", "test").shows(http.StatusOK, "The test was")
	sam.opens(at).shows(http.StatusOK, "WebhookTested")
	sam.fills(at, at, "do", "disable").leadsTo(at + "?done=changed")
	sam.fills(at, at, "do", "enable").leadsTo(at + "?done=changed")
	sam.fills(at, at, "do", "rotate").shows(http.StatusOK, "whsec_")
	sam.fills(at, at, "do", "replay", "behind", "x").shows(http.StatusUnprocessableEntity, "This is not the id of an event.")
	sam.fills(at, at, "do", "replay", "behind", "").leadsTo(at + "?done=changed")
	sam.fills(at, at, "do", "dance").shows(http.StatusNotFound)
	sam.fills(at, at, "do", "remove").leadsTo("/webhooks?done=removed")
	sam.opens(at).shows(http.StatusNotFound)
	pat := d.operator(t)
	pat.opens("/webhooks?account="+d.reseller.String()).shows(http.StatusOK, "None.")
	pat.opens("/webhooks").shows(http.StatusOK, "None.")
	pat.opens("/webhooks?account=x").shows(http.StatusNotFound)
}
