package api_test

import "strings"

// peopleRows go on with isolationRows: users, sessions and tokens. Users are
// their account's own affair: no partner profile reaches them.
var peopleRows = []row{
	{
		route: "GET /v1/accounts/{uid}/users", send: "/v1/accounts/{account}/users?search={world}-user-of",
		right: map[string]string{
			"reseller": "200:1 200:1 403 404 404 404 200:1 404",
			"customer": "200:1 403 403 200:1 403 404 404 403",
			"shown":    "200:1 403 403 404 404 404 200:1 404",
			"foreign":  "200:1 404 404 404 404 200:1 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/security-log", send: "/v1/security-log?account={account}&kind=locked_out", right: usersBy("200:0", "403"),
	},
	{
		route: "POST /v1/accounts/{uid}/users", send: "/v1/accounts/{account}/users",
		body: `{"email":"{unique}@x.example","administrator":true}`, fresh: true, right: usersBy("201", "403"),
	},
	{route: "GET /v1/accounts/{uid}/users/{user}", send: "/v1/accounts/{account}/users/{user}", right: usersBy("200", "200")},
	{ // the user of one account is none of another
		route: "GET /v1/accounts/{uid}/users/{user}", send: "/v1/accounts/{reseller}/users/{user}",
		right: map[string]string{
			"reseller": "200 200 403 404 404 404 200 404",
			"customer": "404 404 403 404 404 404 404 404",
			"shown":    "404 404 403 404 404 404 404 404",
			"foreign":  "404 404 403 404 404 404 404 404",
			"missing":  "404 404 403 404 404 404 404 404",
		},
	},
	{
		route: "PATCH /v1/accounts/{uid}/users/{user}", send: "/v1/accounts/{account}/users/{user}",
		body: `{"profiles":["full"]}`, fresh: true, right: usersBy("200", "403"),
	},
	{
		route: "PATCH /v1/accounts/{uid}/users/{user}", send: "/v1/accounts/{reseller}/users/{user}",
		body: `{"profiles":["full"]}`, fresh: true,
		right: map[string]string{
			"reseller": "200 200 403 404 404 404 403 404",
			"customer": "404 404 403 404 404 404 403 404",
			"shown":    "404 404 403 404 404 404 403 404",
			"foreign":  "404 404 403 404 404 404 403 404",
			"missing":  "404 404 403 404 404 404 403 404",
		},
	},
	{
		route: "POST /v1/accounts/{uid}/users/{user}:resend", send: "/v1/accounts/{account}/users/{user}:resend",
		fresh: true, right: usersBy("200", "403"),
	},
	{
		route: "POST /v1/accounts/{uid}/users/{user}:revoke", send: "/v1/accounts/{account}/users/{user}:revoke",
		fresh: true, right: usersBy("200", "403"),
	},
	{
		route: "POST /v1/accounts/{uid}/users/{user}:deactivate", send: "/v1/accounts/{account}/users/{user}:deactivate",
		right: usersBy("422:user_pending", "403"),
	},
	{
		route: "POST /v1/accounts/{uid}/users/{user}:reactivate", send: "/v1/accounts/{account}/users/{user}:reactivate",
		right: usersBy("422:user_pending", "403"),
	},
	{
		route: "POST /v1/sessions", send: "/v1/sessions", body: `{"email":"{unique}@x.example","password":"correct horse battery"}`,
		right: map[string]string{"": alike("401:sign_in_failed")},
	},
	{
		route: "POST /v1/accounts/{uid}/users/{user}:resetFactors", send: "/v1/accounts/{account}/users/{user}:resetFactors",
		fresh: true, right: usersBy("200", "403"),
	},
	{
		route: "POST /v1/sessions/passkey", send: "/v1/sessions/passkey", right: map[string]string{"": alike("202")},
	},
	{
		route: "POST /v1/sessions/second-step", send: "/v1/sessions/second-step", body: `{"challenge":"{unique}","code":"123456"}`,
		right: map[string]string{"": alike("401:challenge_unknown")},
	},
	{route: "GET /v1/me/factors", send: "/v1/me/factors", right: map[string]string{"": ownOnly("200:0")}},
	{
		route: "POST /v1/me/factors", send: "/v1/me/factors", body: `{"kind":"totp","name":"phone"}`,
		right: map[string]string{"": ownOnly("201")},
	},
	{route: "GET /v1/accounts/{uid}/users/{user}/sessions", send: "/v1/accounts/{account}/users/{user}/sessions", right: usersBy("200", "403")},
	{route: "DELETE /v1/accounts/{uid}/users/{user}/sessions", send: "/v1/accounts/{account}/users/{user}/sessions", right: usersBy("204", "403")},
	{ // nobody has this one
		route: "DELETE /v1/accounts/{uid}/users/{user}/sessions/{session}", send: "/v1/accounts/{account}/users/{user}/sessions/{user}", right: usersBy("404", "403"),
	},
	{route: "GET /v1/accounts/{uid}/users/{user}/tokens", send: "/v1/accounts/{account}/users/{user}/tokens", right: usersBy("200", "403")},
	{route: "DELETE /v1/accounts/{uid}/users/{user}/tokens", send: "/v1/accounts/{account}/users/{user}/tokens", right: usersBy("204", "403")},
	{ // nobody has this one
		route: "DELETE /v1/accounts/{uid}/users/{user}/tokens/{token}", send: "/v1/accounts/{account}/users/{user}/tokens/{user}", right: usersBy("404", "403"),
	},
	{
		route: "POST /v1/me:signInAgain", send: "/v1/me:signInAgain", body: `{"password":"x"}`,
		right: map[string]string{"": ownOnly("422:password_wrong")},
	},
	{ // nobody has this one
		route: "POST /v1/me/factors/{factor}:confirm", send: "/v1/me/factors/{user}:confirm", body: `{"code":"123456"}`,
		right: map[string]string{
			"reseller": ownOnly("404"), "customer": ownOnly("404"), "shown": ownOnly("404"), "foreign": ownOnly("404"), "missing": ownOnly("404"),
		},
	},
	{
		route: "DELETE /v1/me/factors/{factor}", send: "/v1/me/factors/{user}",
		right: map[string]string{
			"reseller": ownOnly("404"), "customer": ownOnly("404"), "shown": ownOnly("404"), "foreign": ownOnly("404"), "missing": ownOnly("404"),
		},
	},
	{
		route: "POST /v1/me/factors/recovery-codes", send: "/v1/me/factors/recovery-codes",
		right: map[string]string{"": ownOnly("422:second_factor_missing")},
	},
	// operator reseller resellerReader customer customerReader stranger auditor signedIn
	{route: "POST /v1/sessions/operator", send: "/v1/sessions/operator", right: map[string]string{"": "201" + strings.Repeat(" 403:operator_token_required", 7)}},
	{
		route: "POST /v1/sessions/auditor", send: "/v1/sessions/auditor",
		right: map[string]string{"": strings.Repeat("403:audit_token_required ", 6) + "201 403:audit_token_required"},
	},
	{route: "GET /v1/sessions", send: "/v1/sessions", right: map[string]string{"": ownOnly("200:2")}},
	{route: "DELETE /v1/sessions", send: "/v1/sessions", fresh: true, right: map[string]string{"": ownOnly("204")}},
	{route: "DELETE /v1/sessions/{session}", send: "/v1/sessions/{session}", right: ownOf("204")},
	{route: "GET /v1/tokens", send: "/v1/tokens", right: map[string]string{"": ownOnly("200:1")}},
	{
		route: "POST /v1/tokens", send: "/v1/tokens", body: `{"label":"x","profile":"renewals","expiresAt":"2026-05-01T00:00:00Z"}`,
		right: map[string]string{"": ownOnly("201")},
	},
	{
		route: "GET /v1/accounts/{uid}/tokens", send: "/v1/accounts/{account}/tokens",
		right: usersBy("200", "200"),
	},
	{ // nobody has this one
		route: "DELETE /v1/accounts/{uid}/tokens/{token}", send: "/v1/accounts/{account}/tokens/{token}",
		right: usersBy("404", "403"),
	},
	{route: "DELETE /v1/tokens/{token}", send: "/v1/tokens/{token}", right: ownOf("204")},
}
