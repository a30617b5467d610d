package api_test

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// externalOf gives an account an external account; a reseller's can have none.
func (w *tenants) externalOf(thing string, own *tenant) string {
	w.s.t.Helper()
	if thing == "reseller" {
		return uuid.NewString()
	}
	label := w.name + "-external-of-" + thing
	got := w.s.post("/v1/accounts/"+own.uid+"/external-accounts",
		fmt.Sprintf(`{"kind":"sms","label":%q,"endpoint":"https://%s.example/v2","secret":%q}`, label, label, w.name+"-secret")).is(201)
	id := into[openapi.Written](got).Uid.String()
	own.content = append(own.content, label, id)
	return id
}

// ownChoice is the right answer for a change that needs account.edit in the
// account itself: a partner's profile does not reach it. About the reseller's is
// what is said about an account that can have nothing of the kind.
func ownChoice(done, reseller string) map[string]string {
	return map[string]string{
		"reseller": reseller + " " + reseller + " 403 404 404 404 403 404",
		"customer": done + " 403 403 " + done + " 403 404 404 403",
		"shown":    done + " 403 403 404 404 404 403 404",
		"foreign":  done + " 404 404 404 404 " + done + " 404 404",
		"missing":  "404 404 404 404 404 404 404 404",
	}
}

// externalRows go on with isolationRows.
var externalRows = []row{
	{
		route: "GET /v1/accounts/{uid}/external-accounts", send: "/v1/accounts/{account}/external-accounts",
		right: map[string]string{
			"reseller": "200:0 200:0 200:0 404 404 404 200:0 404",
			"customer": "200:1 200:1 200:1 200:1 200:1 404 404 200:1",
			"shown":    "200:1 200:1 200:1 404 404 404 200:1 404",
			"foreign":  "200:1 404 404 404 404 200:1 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/accounts/{uid}/external-accounts", send: "/v1/accounts/{account}/external-accounts", fresh: true,
		body:  `{"kind":"sms","label":"{unique}","endpoint":"https://x.example","secret":"s"}`,
		right: ownChoice("201", "201"),
	},
	{
		route: "GET /v1/accounts/{uid}/external-accounts/{externalAccount}", send: "/v1/accounts/{account}/external-accounts/{external}",
		right: map[string]string{
			"reseller": "404 404 404 404 404 404 404 404",
			"customer": "200 200 200 200 200 404 404 200",
			"shown":    "200 200 200 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{ // the external account of one account is none of another
		route: "GET /v1/accounts/{uid}/external-accounts/{externalAccount}", send: "/v1/accounts/{customer}/external-accounts/{external}",
		right: map[string]string{
			"reseller": "404 404 404 404 404 404 404 404",
			"customer": "200 200 200 200 200 404 404 200",
			"shown":    "404 404 404 404 404 404 404 404",
			"foreign":  "404 404 404 404 404 404 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "PATCH /v1/accounts/{uid}/external-accounts/{externalAccount}", send: "/v1/accounts/{account}/external-accounts/{external}",
		body: `{"secret":"other"}`, fresh: true, right: ownChoice("200", "404"),
	},
	{
		route: "PATCH /v1/accounts/{uid}/external-accounts/{externalAccount}", send: "/v1/accounts/{customer}/external-accounts/{external}",
		body: `{"secret":"other"}`, fresh: true,
		right: map[string]string{
			"reseller": "404 403 403 404 403 404 404 403",
			"customer": "200 403 403 200 403 404 404 403",
			"shown":    "404 403 403 404 403 404 404 403",
			"foreign":  "404 403 403 404 403 404 404 403",
			"missing":  "404 403 403 404 403 404 404 403",
		},
	},
	{
		route: "DELETE /v1/accounts/{uid}/external-accounts/{externalAccount}", send: "/v1/accounts/{account}/external-accounts/{external}",
		fresh: true, right: ownChoice("200", "404"),
	},
	{
		route: "DELETE /v1/accounts/{uid}/external-accounts/{externalAccount}", send: "/v1/accounts/{customer}/external-accounts/{external}", fresh: true,
		right: map[string]string{
			"reseller": "404 403 403 404 403 404 404 403",
			"customer": "200 403 403 200 403 404 404 403",
			"shown":    "404 403 403 404 403 404 404 403",
			"foreign":  "404 403 403 404 403 404 404 403",
			"missing":  "404 403 403 404 403 404 404 403",
		},
	},
}
