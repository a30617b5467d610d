package api_test

// answeredBy is the right answer for what the account that was asked may do about a
// request for a partnership. The reseller has made its own, the others have got one.
var answeredBy = map[string]string{
	"reseller": "200 403:request_not_yours 403:request_not_yours 404 404 404 403:forbidden 404",
	"customer": "200 404 404 200 403 404 404 403",
	"shown":    "200 404 404 404 404 404 403 404",
	"foreign":  "200 404 404 404 404 200 404 404",
	"missing":  "404 404 404 404 404 404 404 404",
}

// wishRows are about requests for partnerships, which are no business of other
// partners. All answers are dry: they change nothing for those who ask next.
var wishRows = []row{
	{
		route: "GET /v1/partnership-requests", send: "/v1/partnership-requests",
		right: map[string]string{"": "200:4 200:1 200:1 200:1 200:1 200:1 200:2 200:1"},
	},
	{
		route: "GET /v1/partnership-requests", send: "/v1/partnership-requests", headers: actingFor,
		right: map[string]string{
			"reseller": "200:1 200:1 200:1 404 404 404 200:1 404",
			"customer": "200:1 200:0 200:0 200:1 200:1 404 404 200:1",
			"shown":    "200:1 200:0 200:0 404 404 404 200:1 404",
			"foreign":  "200:1 404 404 404 404 200:1 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/partnership-requests/{id}", send: "/v1/partnership-requests/{wish}",
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 404 404 200 200 404 404 200",
			"shown":    "200 404 404 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 200 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{route: "POST /v1/partnership-requests/{id}:accept", send: "/v1/partnership-requests/{wish}:accept?dryRun=true", right: answeredBy},
	{route: "POST /v1/partnership-requests/{id}:decline", send: "/v1/partnership-requests/{wish}:decline?dryRun=true", right: answeredBy},
	{
		route: "POST /v1/partnership-requests/{id}:withdraw", send: "/v1/partnership-requests/{wish}:withdraw?dryRun=true",
		right: map[string]string{
			"reseller": "200 200 403 404 404 404 403 404",
			"customer": "200 404 404 403:request_not_yours 403:request_not_yours 404 404 403:request_not_yours",
			"shown":    "200 404 404 404 404 404 403:forbidden 404",
			"foreign":  "200 404 404 404 404 403:request_not_yours 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{ // a reseller is told the same about what it cannot see, whatever it is
		route: "POST /v1/partnership-requests", send: "/v1/partnership-requests", body: `{"account":"{account}"}`,
		right: map[string]string{
			"reseller": "422:account_required 201 403 422:not_a_reseller 403 422:not_a_reseller 403:forbidden 403",
			"customer": "422:account_required 409:already_partnered 403 422:not_a_reseller 403 422:not_a_reseller 403:forbidden 403",
			"shown":    "422:account_required 409:already_partnered 403 422:not_a_reseller 403 422:not_a_reseller 403:forbidden 403",
			"foreign":  "422:account_required 201 403 422:not_a_reseller 403 422:not_a_reseller 403:forbidden 403",
			"missing":  "422:account_required 201 403 422:not_a_reseller 403 422:not_a_reseller 403:forbidden 403",
		},
	},
}
