package api_test

// auditRows go on with isolationRows: who audits whom is the operator's to know,
// and an auditor does not even see its own grant there. Each account has a
// grant, {grant}; that of the auditor among the callers names two.
var auditRows = []row{
	{
		route: "GET /v1/audit-grants", send: "/v1/audit-grants?account={account}",
		right: map[string]string{
			"reseller": onlyOperator("200:2"), "customer": onlyOperator("200:1"), "shown": onlyOperator("200:2"),
			"foreign": onlyOperator("200:1"), "missing": onlyOperator("200:0"),
		},
	},
	{route: "GET /v1/audit-grants", send: "/v1/audit-grants", headers: actingFor, right: map[string]string{"reseller": operatorOnly, "missing": operatorOnly}},
	{
		route: "POST /v1/audit-grants", send: "/v1/audit-grants",
		body: `{"auditor":{"email":"new@auditors.example"},"accounts":["{account}"],"expiresAt":"2026-05-01T00:00:00Z"}`,
		right: map[string]string{
			"reseller": onlyOperator("201"), "customer": onlyOperator("201"), "shown": onlyOperator("201"),
			"foreign": onlyOperator("201"), "missing": onlyOperator("422:account_unknown"),
		},
	},
	{route: "GET /v1/audit-grants/{id}", send: "/v1/audit-grants/{grant}", right: operatorsThing},
	{route: "POST /v1/audit-grants/{id}:revoke", send: "/v1/audit-grants/{grant}:revoke", right: operatorsThing},
}

// operatorsThing is the right answer for what each account has one of and only
// the operator sees.
var operatorsThing = map[string]string{
	"reseller": operatorOnly, "customer": operatorOnly, "shown": operatorOnly, "foreign": operatorOnly,
	"missing": onlyOperator("404"),
}
