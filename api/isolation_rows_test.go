package api_test

// isolationRows are those about accounts, devices and the service itself.
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
	{route: "GET /v1/projections", send: "/v1/projections", right: map[string]string{"": operatorOnly}},
	{route: "GET /healthz", send: "/healthz", right: everybody},
	{route: "GET /readyz", send: "/readyz", right: everybody},
	{route: "GET /metrics", send: "/metrics", right: everybody},
	{route: "GET /openapi.json", send: "/openapi.json", right: everybody},
	{
		route: "POST /v1/device-registrations", send: "/v1/device-registrations?dryRun=true",
		body: `{"items":[{"serialNumber":"{newSerial}","imei":"{newIMEI}","account":"{account}"}]}`,
		told: "who knows the UID of an account may register into it",
		right: map[string]string{
			"reseller": "200:created 200:created 403 200:refused+target_is_reseller " +
				"403 200:refused+target_is_reseller 403:forbidden 200:refused+target_is_reseller",
			"customer": "200:created 200:created 403 200:created 403 200:refused+target_unknown 403:forbidden 200:created",
			"shown": "200:created 200:created 403 200:refused+target_unknown " +
				"403 200:refused+target_unknown 403:forbidden 200:refused+target_unknown",
			"foreign": "200:created 200:created 403 200:refused+target_unknown " +
				"403 200:created 403:forbidden 200:refused+target_unknown",
			"missing": "200:refused+target_unknown 200:refused+target_unknown 403 200:refused+target_unknown 403 " +
				"200:refused+target_unknown 403:forbidden 200:refused+target_unknown",
		},
	},
	{
		route: "POST /v1/device-registrations", send: "/v1/device-registrations?dryRun=true", headers: actingFor,
		body: `{"items":[{"serialNumber":"{newSerial}","imei":"{newIMEI}"}]}`,
		right: map[string]string{
			"reseller": "200:created 200:created 403 404 404 404 403 404",
			"customer": "200:created 200:created 403 200:created 403 404 404 200:created",
			"shown":    "200:created 403 403 404 404 404 403 404",
			"foreign":  "200:created 404 404 404 404 200:created 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/devices", send: "/v1/devices?account={account}",
		right: map[string]string{
			"reseller": "200:2 200:2 200:2 200:0 200:0 200:0 200:2 200:0",
			"customer": "200:2 200:2 200:2 200:2 200:2 200:0 200:0 200:2",
			"shown":    "200:2 200:2 200:2 200:0 200:0 200:0 200:2 200:0",
			"foreign":  "200:2 200:0 200:0 200:0 200:0 200:2 200:0 200:0",
			"missing":  "200:0 200:0 200:0 200:0 200:0 200:0 200:0 200:0",
		},
	},
	{
		route: "GET /v1/devices", send: "/v1/devices?search={serial}",
		right: map[string]string{
			"reseller": "200:1 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
			"customer": "200:1 200:1 200:1 200:1 200:1 200:0 200:0 200:1",
			"shown":    "200:1 200:1 200:1 200:0 200:0 200:0 200:1 200:0",
			"foreign":  "200:1 200:0 200:0 200:0 200:0 200:1 200:0 200:0",
			"missing":  "200:0 200:0 200:0 200:0 200:0 200:0 200:0 200:0",
		},
	},
	{route: "GET /v1/devices", send: "/v1/devices", headers: actingFor, right: seenBy},
	{route: "GET /v1/devices", send: "/v1/devices?asOf=2032-03-14&sort=serviceEnd&serviceEndFrom=2027-01-01", headers: actingFor, right: seenBy},
	{route: "GET /v1/devices", send: "/v1/devices?limit=5", headers: []string{"X-Account: {account}", "Accept: text/csv"}, right: seenBy},
	{route: "GET /v1/devices/{id}", send: "/v1/devices/{device}", right: seenBy},
	{route: "GET /v1/devices/{id}", send: "/v1/devices/{serial}", right: seenBy},
	{route: "GET /v1/devices/{id}/history", send: "/v1/devices/{device}/history", right: seenBy},
	{route: "PATCH /v1/devices/{id}", send: "/v1/devices/{device}", body: `{"labels":["seen"]}`, right: changedBy("200")},
	{route: "PATCH /v1/devices/{id}", send: "/v1/devices/{serial}", body: `{"labels":["read"]}`, right: changedBy("200")},
	{route: "POST /v1/devices/{id}:suspend", send: "/v1/devices/{device}:suspend", right: changedBy("200")},
	{route: "POST /v1/devices/{id}:resume", send: "/v1/devices/{device}:resume", right: changedBy("200")},
	{route: "POST /v1/devices/{id}:retire", send: "/v1/devices/{spare}:retire", right: changedBy("403")},
	{route: "POST /v1/devices/{id}:reinstate", send: "/v1/devices/{spare}:reinstate", body: `{"name":"{unique}"}`, right: changedBy("403")},
	{
		route: "PATCH /v1/devices/{id}", send: "/v1/devices/{device}", body: `{"offer":"basic"}`, fresh: true,
		right: map[string]string{
			"customer": "200 422:order_needed 403 422:order_needed 403 404 404 422:order_needed",
			"shown":    "200 403 403 404 404 404 403 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true",
		body: `{"from":"{account}","to":"{reseller}","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "200:refused+target_same 200:refused+target_same 200:refused+target_same+missing_right 404 404 404 403:forbidden 404",
			"customer": "200:transferred 200:transferred 200:refused+missing_right+missing_right 200:refused+missing_right " +
				"200:refused+missing_right+missing_right 404 404 200:refused+missing_right",
			"shown":   "200:transferred 200:refused+missing_right 200:refused+missing_right+missing_right 404 404 404 403:forbidden 404",
			"foreign": "200:refused+not_partnered 404 404 404 404 200:refused+target_unknown+not_partnered 404 404",
			"missing": "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true",
		body: `{"from":"{reseller}","to":"{account}","devices":["{resellerDevice}"]}`,
		right: map[string]string{
			"reseller": "200:refused+target_same 200:refused+target_same 200:refused+target_same+missing_right 404 404 404 403:forbidden 404",
			"customer": "200:transferred 200:transferred 200:refused+missing_right 404 404 404 403:forbidden 404",
			"shown":    "200:transferred 200:transferred 200:refused+missing_right 404 404 404 403:forbidden 404",
			"foreign": "200:refused+not_partnered 200:refused+target_unknown+not_partnered " +
				"200:refused+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
			"missing": "200:refused+target_unknown 200:refused+target_unknown+not_partnered " +
				"200:refused+missing_right+target_unknown+not_partnered 404 404 404 403:forbidden 404",
		},
	},
	{
		route: "POST /v1/transfers", send: "/v1/transfers?dryRun=true",
		body: `{"from":"{customer}","to":"{reseller}","devices":["{device}"]}`,
		right: map[string]string{
			"foreign": "200:refused+not_in_source 200:refused+device_not_found 200:refused+device_not_found+missing_right 200:refused+device_not_found " +
				"200:refused+device_not_found+missing_right 404 404 200:refused+device_not_found",
			"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found+missing_right 200:refused+device_not_found " +
				"200:refused+device_not_found+missing_right 404 404 200:refused+device_not_found",
		},
	},
	{
		route: "POST /v1/device-changes", send: "/v1/device-changes?dryRun=true", body: `{"action":"suspend","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "200:changed 200:changed 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"customer": "200:changed 200:changed 200:refused+missing_right 200:changed 200:refused+missing_right 200:refused+device_not_found 403:forbidden 200:changed",
			"shown": "200:changed 200:refused+missing_right 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found " +
				"200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"foreign": "200:changed 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:changed 403:forbidden 200:refused+device_not_found",
			"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
		},
	},
	{
		route: "POST /v1/device-changes", send: "/v1/device-changes?dryRun=true", body: `{"action":"retire","devices":["{device}"]}`,
		right: map[string]string{
			"reseller": "200:changed 200:changed 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"customer": "200:changed 200:changed 200:refused+missing_right 200:changed 200:refused+missing_right 200:refused+device_not_found 403:forbidden 200:refused+missing_right",
			"shown": "200:changed 200:refused+missing_right 200:refused+missing_right 200:refused+device_not_found 200:refused+device_not_found " +
				"200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
			"foreign": "200:changed 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:changed 403:forbidden 200:refused+device_not_found",
			"missing": "200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 200:refused+device_not_found 403:forbidden 200:refused+device_not_found",
		},
	},
	{route: "POST /v1/renewals", send: "/v1/renewals?dryRun=true", body: `{"devices":["{device}"],"term":"P1Y"}`, right: renewedBy},
	{route: "POST /v1/renewal-previews", send: "/v1/renewal-previews", body: `{"devices":["{device}"],"term":"P1Y"}`, right: renewedBy},
	{
		route: "POST /v1/allocations", send: "/v1/allocations", body: `{"device":"{device}","term":"P5Y"}`, fresh: true,
		right: map[string]string{
			"customer": "201 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"foreign":  "201 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
			"missing":  "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{
		route: "POST /v1/persons/{id}:erase", send: "/v1/persons/{person}:erase", fresh: true,
		right: map[string]string{
			"reseller": operatorOnly, "customer": operatorOnly, "shown": operatorOnly, "foreign": operatorOnly,
			"missing": "404 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden 403:forbidden",
		},
	},
	{
		route: "GET /v1/operations", send: "/v1/operations",
		right: map[string]string{"": "200:0 200:1 200:1 200:1 200:1 200:1 200:2 200:1"},
	},
	{
		route: "GET /v1/operations/{id}", send: "/v1/operations/{operation}", // they belong to who has sent them
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 404 404 200 200 404 404 200",
			"shown":    "200 404 404 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/operations/{id}/results", send: "/v1/operations/{operation}/results",
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 404 404 200 200 404 404 200",
			"shown":    "200 404 404 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
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
