package api_test

// signingInRows go on with peopleRows: the other ways to sign in, and passwords.
// Which caller asks makes no difference: none here has signed in.
var signingInRows = []row{
	{route: "GET /v1/sessions/oidc", send: "/v1/sessions/oidc", right: map[string]string{"": alike("404")}},
	{route: "GET /v1/sessions/oidc/callback", send: "/v1/sessions/oidc/callback?code=x&state=x", right: map[string]string{"": alike("404")}},
	{
		route: "POST /v1/me:changePassword", send: "/v1/me:changePassword", body: `{"current":"x","password":"correct horse battery"}`,
		right: map[string]string{"": ownOnly("422:password_wrong")},
	},
	{
		route: "PATCH /v1/me", send: "/v1/me", body: `{"email":"{unique}@x.example"}`, fresh: true,
		right: map[string]string{"": ownOnly("200")},
	},
	{route: "GET /v1/me/views", send: "/v1/me/views", right: map[string]string{"": ownOnly("200:1")}},
	{
		route: "POST /v1/me/views", send: "/v1/me/views", body: `{"page":"devices","name":"Mine","query":"search=x"}`,
		right: map[string]string{"": ownOnly("201")},
	},
	{route: "DELETE /v1/me/views/{view}", send: "/v1/me/views/{view}", right: ownOf("200")},
	{route: "GET /v1/me/calendars", send: "/v1/me/calendars", right: map[string]string{"": ownOnly("200:1")}},
	{
		route: "POST /v1/me/calendars", send: "/v1/me/calendars", body: `{"label":"Mine","account":"{account}"}`, fresh: true,
		right: map[string]string{
			"reseller": ownOnly("404"), "customer": ownOnly("201"), "shown": ownOnly("404"), "foreign": ownOnly("404"), "missing": ownOnly("404"),
		},
	},
	{route: "DELETE /v1/me/calendars/{calendar}", send: "/v1/me/calendars/{calendar}", right: ownOf("204")},
	{route: "GET /v1/calendar/{token}.ics", send: "/v1/calendar/{user}.ics", right: alikeForAll("404")},
	{route: "GET /v1/email-confirmations/{token}", send: "/v1/email-confirmations/{user}", right: alikeForAll("404")},
	{route: "POST /v1/email-confirmations/{token}", send: "/v1/email-confirmations/{user}", right: alikeForAll("404")},
	{
		route: "POST /v1/password-resets", send: "/v1/password-resets", body: `{"email":"{unique}@x.example"}`,
		right: map[string]string{"": alike("202")},
	},
	{route: "GET /v1/password-resets/{token}", send: "/v1/password-resets/{user}", right: alikeForAll("404")},
	{
		route: "POST /v1/password-resets/{token}", send: "/v1/password-resets/{user}", body: `{"password":"correct horse battery"}`,
		right: alikeForAll("404"),
	},
}
