package api_test

// isolationRows are those about accounts and the service itself.
var isolationRows = []row{
	{
		route: "GET /v1/accounts", send: "/v1/accounts?search={world}-name-of",
		right: map[string]string{"": "200:4 200:3 200:3 200:1 200:1 200:1 200:2 200:1"},
	},
	{route: "GET /v1/accounts", send: "/v1/accounts", headers: actingFor, right: seenBy},
	{
		route: "POST /v1/accounts", send: "/v1/accounts",
		body:  `{"name":"{unique}","type":"standard","administrator":{"email":"{unique}@x.example"}}`,
		right: map[string]string{"": "201 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden"},
	},
	{route: "GET /v1/accounts/{uid}", send: "/v1/accounts/{account}", right: seenBy},
	{route: "GET /v1/accounts/{uid}", send: "/v1/accounts/{account}?asOf=2026-03-15T12:00:00Z", right: seenBy},
	{route: "GET /v1/accounts/{uid}", send: "/v1/accounts/{account}?asOf=2026-03-14", right: map[string]string{"foreign": "404 404 404 404 404 404 404 404", "missing": "404 404 404 404 404 404 404 404"}},
	{route: "GET /v1/accounts/{uid}", send: "/v1/accounts/{account}?asOf=2027-03-14", right: seenBy},
	{
		route: "POST /v1/accounts/{uid}:close", send: "/v1/accounts/{account}:close", body: `{"confirm":true}`, fresh: true,
		right: map[string]string{
			"reseller": operatorOnly, "customer": operatorOnly, "shown": operatorOnly, "foreign": operatorOnly,
			"missing": "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{
		route: "POST /v1/accounts/{uid}:resendInvitation", send: "/v1/accounts/{account}:resendInvitation", fresh: true,
		right: map[string]string{
			"reseller": "200 403 403 404 404 404 403 404",
			"customer": "200 200 403 403 403 404 404 403",
			"shown":    "200 200 403 404 404 404 403 404",
			"foreign":  "200 404 404 404 404 403 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/accounts/{uid}:reopen", send: "/v1/accounts/{account}:reopen",
		right: map[string]string{
			"reseller": operatorOnly, "customer": operatorOnly, "shown": operatorOnly, "foreign": operatorOnly,
			"missing": "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{
		route: "POST /v1/accounts/{uid}:withdraw", send: "/v1/accounts/{account}:withdraw", body: `{"confirm":true}`, fresh: true,
		right: byCreator("200"),
	},
	{
		route: "POST /v1/accounts/{uid}:correctEmail", send: "/v1/accounts/{account}:correctEmail", body: `{"email":"{unique}@x.example"}`, fresh: true,
		right: byCreator("200"),
	},
	{
		route: "GET /v1/accounts/{uid}/partners", send: "/v1/accounts/{account}/partners",
		right: map[string]string{
			"reseller": "200:2 200:2 200:2 404 404 404 200:2 404",
			"customer": "200:1 200:1 200:1 200:1 200:1 404 404 200:1",
			"shown":    "200:1 200:1 200:1 404 404 404 200:1 404",
			"foreign":  "200:0 404 404 404 404 200:0 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/accounts/{uid}/partners", send: "/v1/accounts/{account}/partners?asOf=2026-03-15T12:00:00Z",
		right: map[string]string{
			"reseller": "200:2 200:2 200:2 404 404 404 200:2 404",
			"customer": "200:1 200:1 200:1 200:1 200:1 404 404 200:1",
			"shown":    "200:1 200:1 200:1 404 404 404 200:1 404",
			"foreign":  "200:0 404 404 404 404 200:0 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/accounts/{uid}/partners", send: "/v1/accounts/{account}/partners", fresh: true,
		body: `{"partner":"{reseller}"}`,
		right: map[string]string{
			"reseller": "422:not_a_customer 422:not_a_customer 403 404 404 404 403 404",
			"customer": "409:already_partnered 403 403 409:already_partnered 403 404 404 403",
			"shown":    "201 403 403 404 404 404 403 404",
			"foreign":  "201 404 404 404 404 201 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{ // an account that is no reseller is no partner, and told from none by nobody
		route: "POST /v1/accounts/{uid}/partners", send: "/v1/accounts/{customer}/partners",
		body: `{"partner":"{account}"}`,
		right: map[string]string{
			"foreign": "422:partner_unknown 403 403 422:partner_unknown 403 404 404 403",
			"missing": "422:partner_unknown 403 403 422:partner_unknown 403 404 404 403",
		},
	},
	{
		route: "PATCH /v1/accounts/{uid}/partners/{partner}", send: "/v1/accounts/{account}/partners/{reseller}", fresh: true,
		body: `{"profile":"renewals"}`,
		right: map[string]string{
			"reseller": "404 404 403 404 404 404 403 404",
			"customer": "200 403 403 200 403 404 404 403",
			"shown":    "200 403 403 404 404 404 403 404",
			"foreign":  "404 404 404 404 404 404 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "PATCH /v1/accounts/{uid}/partners/{partner}", send: "/v1/accounts/{customer}/partners/{account}", fresh: true,
		body: `{"profile":"full"}`,
		right: map[string]string{
			"reseller": "200 403 403 200 403 404 404 403",
			"customer": "404 403 403 404 403 404 404 403",
			"shown":    "404 403 403 404 403 404 404 403",
			"foreign":  "404 403 403 404 403 404 404 403",
			"missing":  "404 403 403 404 403 404 404 403",
		},
	},
	{
		route: "DELETE /v1/accounts/{uid}/partners/{partner}", send: "/v1/accounts/{account}/partners/{reseller}", fresh: true,
		right: map[string]string{
			"reseller": "404 404 403 404 404 404 403 404",
			"customer": "200 403 403 200 403 404 404 403",
			"shown":    "200 403 403 404 404 404 403 404",
			"foreign":  "404 404 404 404 404 404 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{route: "GET /v1/accounts/{uid}/slots", send: "/v1/accounts/{account}/slots", right: seenBy},
	{
		route: "GET /v1/customers", send: "/v1/customers",
		right: map[string]string{"": "422:account_required 200:2 200:2 200:0 200:0 200:0 422:account_required 200:0"},
	},
	{
		route: "GET /v1/customers", send: "/v1/customers", headers: actingFor,
		right: map[string]string{
			"reseller": "200:2 200:2 200:2 404 404 404 200:2 404",
			"customer": "200:0 200:0 200:0 200:0 200:0 404 404 200:0",
			"shown":    "200:0 200:0 200:0 404 404 404 200:0 404",
			"foreign":  "200:0 404 404 404 404 200:0 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/customers", send: "/v1/customers?customer={account}",
		right: map[string]string{
			"reseller": "422:account_required 200:0 200:0 200:0 200:0 200:0 422:account_required 200:0",
			"customer": "422:account_required 200:1 200:1 200:0 200:0 200:0 422:account_required 200:0",
			"shown":    "422:account_required 200:1 200:1 200:0 200:0 200:0 422:account_required 200:0",
			"foreign":  "422:account_required 200:0 200:0 200:0 200:0 200:0 422:account_required 200:0",
			"missing":  "422:account_required 200:0 200:0 200:0 200:0 200:0 422:account_required 200:0",
		},
	},
	{
		route: "POST /v1/customers", send: "/v1/customers", headers: actingFor, fresh: true,
		body: `{"name":"{unique}","administrator":{"email":"{unique}@x.example"}}`,
		right: map[string]string{
			"reseller": "201 201 403 404 404 404 403 404",
			"customer": "422:not_a_reseller 422:not_a_reseller 403 422:not_a_reseller 403 404 404 403",
			"shown":    "422:not_a_reseller 403 403 404 404 404 403 404",
			"foreign":  "422:not_a_reseller 404 404 404 404 422:not_a_reseller 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{route: "GET /v1/forecast", send: "/v1/forecast", right: everybody},
	{route: "GET /v1/forecast", send: "/v1/forecast?months=3&at=2026-09-30", headers: actingFor, right: seenBy},
	{route: "GET /v1/forecast", send: "/v1/forecast?account={account}", right: seenBy},
	{
		route: "GET /v1/forecast", send: "/v1/forecast?account={account}", headers: []string{"X-Account: {reseller}"},
		told: "of a reseller's customers an auditor sees the numbers of the Customers page",
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 200 200 404 404 404 200 404",
			"shown":    "200 200 200 404 404 404 200 404",
			"foreign":  "404 404 404 404 404 404 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/activations/{token}", send: "/v1/activations/{invitation}",
		told: "the token is all it takes",
		right: map[string]string{
			"reseller": "200 200 200 200 200 200 200 200", "customer": "200 200 200 200 200 200 200 200", "shown": "200 200 200 200 200 200 200 200",
			"foreign": "200 200 200 200 200 200 200 200", "missing": "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/activations/{token}", send: "/v1/activations/{invitation}", fresh: true,
		body: `{"name":"Ada","password":"correct horse battery"}`,
		told: "the token is all it takes",
		right: map[string]string{
			"reseller": "200 200 200 200 200 200 200 200", "customer": "200 200 200 200 200 200 200 422:already_active", "shown": "200 200 200 200 200 200 200 200",
			"foreign": "200 200 200 200 200 200 200 200", "missing": "404 404 404 404 404 404 404 404",
		},
	},
	{route: "GET /v1/me", send: "/v1/me", right: everybody},
	{route: "GET /v1/catalogue", send: "/v1/catalogue", right: everybody},
	{route: "GET /v1/catalogue", send: "/v1/catalogue?asOf=2026-03-15T11:00:00Z", right: everybody},
	{route: "GET /v1/catalogue/{model}", send: "/v1/catalogue/LX40", right: ofNobody(alike("200"))},
	{route: "GET /v1/catalogue/{model}", send: "/v1/catalogue/ZX1", right: map[string]string{"": alike("404")}},
	{
		route: "PUT /v1/catalogue/{model}", send: "/v1/catalogue/ZX90",
		body:  `{"serialPattern":"^ZX[0-9]{14}$","offers":["basic"],"defaultOffer":"basic","includedMonths":12}`,
		right: ofNobody(operatorOnly),
	},
	{route: "DELETE /v1/catalogue/{model}", send: "/v1/catalogue/LX40", right: ofNobody(operatorOnly)},
	{route: "DELETE /v1/catalogue/{model}", send: "/v1/catalogue/ZX1", right: map[string]string{"": onlyOperator("404:model_unknown")}},
	{route: "GET /v1/audit/checkpoint", send: "/v1/audit/checkpoint", right: everybody},
	{route: "GET /v1/audit/checkpoints", send: "/v1/audit/checkpoints", right: everybody},
	{route: "GET /v1/audit/export", send: "/v1/audit/export?account={account}", right: seenBy},
	{route: "GET /v1/audit/export", send: "/v1/audit/export", right: map[string]string{"": "200 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden"}},
	{route: "GET /v1/audit/tiles/{tile}", send: "/v1/audit/tiles/0/000.p/1", right: ofNobody(alike("200"))},
	{route: "GET /v1/audit/tiles/{tile}", send: "/v1/audit/tiles/5/000", right: ofNobody(alike("404"))},
	{route: "GET /v1/projections", send: "/v1/projections", right: map[string]string{"": operatorOnly}},
	{route: "GET /healthz", send: "/healthz", right: everybody},
	{route: "GET /readyz", send: "/readyz", right: everybody},
	{route: "GET /metrics", send: "/metrics", right: measured},
	{route: "GET /openapi.json", send: "/openapi.json", right: everybody},
	{route: "GET /asyncapi.json", send: "/asyncapi.json", right: everybody},
	{route: "GET /v1/events", send: "/v1/events?limit=100", right: everybody},
	{route: "GET /v1/events", send: "/v1/events?limit=100&account={account}", right: ofNobody(alike("200"))},
	{route: "GET /v1/events", send: "/v1/events?limit=100&device={device}", right: ofNobody(alike("200"))},
	{route: "GET /v1/events", send: "/v1/events?limit=100", headers: actingFor, right: seenBy},
	{
		route: "POST /v1/persons/{id}:erase", send: "/v1/persons/{person}:erase", fresh: true,
		right: map[string]string{
			"reseller": operatorOnly, "customer": operatorOnly, "shown": operatorOnly, "foreign": operatorOnly,
			"missing": "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{route: "PATCH /v1/accounts/{uid}", send: "/v1/accounts/{account}", body: `{"name":"{unique}"}`, right: changedBy("403"), fresh: true},
	{
		route: "PATCH /v1/accounts/{uid}", send: "/v1/accounts/{account}", body: `{"offers":["basic"]}`, fresh: true,
		right: map[string]string{
			"reseller": "422:reseller_has_all_offers 403:forbidden 403 404 404 404 403 404",
			"customer": "200 403:forbidden 403 403:forbidden 403 404 404 403",
			"foreign":  "200 404 404 404 404 403:forbidden 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{route: "GET /v1/accounts/{uid}/profiles", send: "/v1/accounts/{account}/profiles", right: seenBy},
	{route: "GET /v1/accounts/{uid}/channel-contacts", send: "/v1/accounts/{account}/channel-contacts", right: seenBy},
	{
		route: "POST /v1/accounts/{uid}/channel-contacts", send: "/v1/accounts/{account}/channel-contacts",
		body: `{"email":"sales@vendor.example","name":"Sam"}`,
		right: map[string]string{
			"reseller": "201 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"customer": "422:not_a_reseller 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"shown":    "422:not_a_reseller 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"foreign":  "422:not_a_reseller 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"missing":  "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{
		route: "GET /v1/accounts/{uid}/channel-contacts/{contact}",
		send:  "/v1/accounts/{account}/channel-contacts/99999999-9999-4999-8999-999999999999", // nobody's
		right: alikeForAll("404"),
	},
	{
		route: "DELETE /v1/accounts/{uid}/channel-contacts/{contact}",
		send:  "/v1/accounts/{account}/channel-contacts/99999999-9999-4999-8999-999999999999", // nobody's
		right: map[string]string{
			"reseller": "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"customer": "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"shown":    "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"foreign":  "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"missing":  "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{route: "GET /v1/accounts/{uid}/security", send: "/v1/accounts/{account}/security", right: seenBy},
	{
		route: "PATCH /v1/accounts/{uid}/security", send: "/v1/accounts/{account}/security", body: `{"sessionMinutes":60}`,
		right: map[string]string{
			"reseller": "200 200 403 404 404 404 403 404",
			"customer": "200 403 403 200 403 404 404 403",
			"shown":    "200 403 403 404 404 404 403 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
}

// ofNobody is for what is in the path and belongs to no account: the same answers
// whatever thing is asked about.
func ofNobody(answers string) map[string]string {
	right := map[string]string{}
	for _, thing := range things {
		right[thing] = answers
	}
	return right
}
