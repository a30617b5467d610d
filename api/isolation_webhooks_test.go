package api_test

// webhookRows go on with isolationRows: webhooks are an affair of an account's
// administrators, and its auditors see them.
var webhookRows = []row{
	{route: "GET /v1/webhooks", send: "/v1/webhooks", headers: actingFor, right: usersBy("200:1", "200:1")},
	{
		route: "POST /v1/webhooks", send: "/v1/webhooks", headers: actingFor,
		body: `{"label":"{unique}","address":"https://127.0.0.1:65000/","types":["UserErased"]}`, fresh: true, right: usersBy("201", "403"),
	},
	{route: "GET /v1/webhooks/{webhook}", send: "/v1/webhooks/{webhook}", headers: actingFor, right: usersBy("200", "200")},
	{ // what one account has is none of another's
		route: "GET /v1/webhooks/{webhook}", send: "/v1/webhooks/{webhook}", headers: []string{"X-Account: {reseller}"},
		right: map[string]string{
			"reseller": "200 200 403 404 404 404 200 404", "customer": "404 404 403 404 404 404 404 404", "shown": "404 404 403 404 404 404 404 404",
			"foreign": "404 404 403 404 404 404 404 404", "missing": "404 404 403 404 404 404 404 404",
		},
	},
	{route: "PATCH /v1/webhooks/{webhook}", send: "/v1/webhooks/{webhook}", headers: actingFor, body: `{"label":"{unique}"}`, right: usersBy("200", "403")},
	{route: "DELETE /v1/webhooks/{webhook}", send: "/v1/webhooks/{webhook}", headers: actingFor, fresh: true, right: usersBy("204", "403")},
	{route: "POST /v1/webhooks/{webhook}:rotateSecret", send: "/v1/webhooks/{webhook}:rotateSecret", headers: actingFor, right: usersBy("200", "403")},
	{route: "POST /v1/webhooks/{webhook}:test", send: "/v1/webhooks/{webhook}:test", headers: actingFor, right: usersBy("200", "403")},
	{route: "POST /v1/webhooks/{webhook}/replays", send: "/v1/webhooks/{webhook}/replays", headers: actingFor, body: `{"lastEventId":null}`, right: usersBy("200", "403")},
	{route: "GET /v1/webhooks/{webhook}/deliveries", send: "/v1/webhooks/{webhook}/deliveries", headers: actingFor, right: usersBy("200", "200")},
}
