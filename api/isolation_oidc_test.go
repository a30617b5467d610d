package api_test

// signingInRows go on with peopleRows: the other ways to sign in. They need no
// caller, and which one asks makes no difference.
var signingInRows = []row{
	{route: "GET /v1/sessions/oidc", send: "/v1/sessions/oidc", right: map[string]string{"": alike("404")}},
	{route: "GET /v1/sessions/oidc/callback", send: "/v1/sessions/oidc/callback?code=x&state=x", right: map[string]string{"": alike("404")}},
}
