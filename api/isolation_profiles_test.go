package api_test

import (
	"fmt"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// profileOf gives an account a profile of its own.
func (w *tenants) profileOf(thing string, own *tenant) string {
	w.s.t.Helper()
	name := w.name + "-profile-of-" + thing
	got := w.s.post("/v1/accounts/"+own.uid+"/profiles", fmt.Sprintf(`{"name":%q,"rights":["devices.read"]}`, name)).is(201)
	id := into[openapi.Written](got).Uid.String()
	own.content = append(own.content, name, id)
	return id
}

// elsewhere is the right answer about a thing of another account than the one in
// the path, which is the reseller's.
func elsewhere(found string) map[string]string {
	return map[string]string{
		"reseller": found,
		"customer": "404 404 403 404 404 404 403 404",
		"shown":    "404 404 403 404 404 404 403 404",
		"foreign":  "404 404 403 404 404 404 403 404",
		"missing":  "404 404 403 404 404 404 403 404",
	}
}

// profileRows go on with isolationRows: the profiles of an account are read by
// whoever sees it, and changed by its own administrators.
var profileRows = []row{
	{
		route: "POST /v1/accounts/{uid}/profiles", send: "/v1/accounts/{account}/profiles",
		body: `{"name":"{unique}","rights":["devices.read"]}`, fresh: true, right: usersBy("201", "403"),
	},
	{
		route: "GET /v1/accounts/{uid}/profiles/{profile}", send: "/v1/accounts/{account}/profiles/{profile}", right: seenBy,
	},
	{
		route: "GET /v1/accounts/{uid}/profiles/{profile}", send: "/v1/accounts/{reseller}/profiles/{profile}",
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "404 404 404 404 404 404 404 404",
			"shown":    "404 404 404 404 404 404 404 404",
			"foreign":  "404 404 404 404 404 404 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "PATCH /v1/accounts/{uid}/profiles/{profile}", send: "/v1/accounts/{account}/profiles/{profile}",
		body: `{"rights":["devices.edit"]}`, fresh: true, right: usersBy("200", "403"),
	},
	{
		route: "PATCH /v1/accounts/{uid}/profiles/{profile}", send: "/v1/accounts/{reseller}/profiles/{profile}",
		body: `{"rights":["devices.edit"]}`, fresh: true, right: elsewhere("200 200 403 404 404 404 403 404"),
	},
	{
		route: "DELETE /v1/accounts/{uid}/profiles/{profile}", send: "/v1/accounts/{account}/profiles/{profile}",
		fresh: true, right: usersBy("200", "403"),
	},
	{
		route: "DELETE /v1/accounts/{uid}/profiles/{profile}", send: "/v1/accounts/{reseller}/profiles/{profile}",
		fresh: true, right: elsewhere("200 200 403 404 404 404 403 404"),
	},
	{ // nobody is given the profile of another account
		route: "PATCH /v1/accounts/{uid}/partners/{partner}", send: "/v1/accounts/{customer}/partners/{reseller}", fresh: true,
		body: `{"profile":"{profile}"}`,
		right: map[string]string{
			"reseller": "422:profile_unknown 403 403 422:profile_unknown 403 404 404 403",
			"customer": "200 403 403 200 403 404 404 403",
			"shown":    "422:profile_unknown 403 403 422:profile_unknown 403 404 404 403",
			"foreign":  "422:profile_unknown 403 403 422:profile_unknown 403 404 404 403",
			"missing":  "422:profile_unknown 403 403 422:profile_unknown 403 404 404 403",
		},
	},
}
