package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
)

// The attempt to sign in at the issuer is a cookie: only the browser that began
// it can end it. Its name is in the description, too.
const (
	issuerCookie = "fleetledger_oidc"
	issuerPath   = "/v1/sessions/oidc"
	callbackPath = issuerPath + "/callback"
)

func (h handlers) StartAtIssuer(ctx context.Context, _ openapi.StartAtIssuerRequestObject) (openapi.StartAtIssuerResponseObject, error) {
	start, err := h.App.People.StartAtIssuer(ctx, h.PublicURL+callbackPath)
	if err != nil {
		return nil, err
	}
	return openapi.StartAtIssuer302Response{Headers: openapi.StartAtIssuer302ResponseHeaders{
		Location: start.URL, SetCookie: h.attemptCookie(start.Ticket, start.Expires.Sub(h.Clock.Now())),
	}}, nil
}

// attemptCookie gives the browser the ticket of an attempt, or removes it
// when the ticket is empty. Lax: it comes along when the issuer sends the browser back.
func (h handlers) attemptCookie(ticket string, lasts time.Duration) string {
	public, err := url.Parse(h.PublicURL)
	if err != nil {
		public = &url.URL{} // was checked with the configuration
	}
	c := http.Cookie{ //nolint:gosec // Secure wherever the service is reached by https
		Name: issuerCookie, Value: ticket, Path: public.Path + issuerPath, MaxAge: max(1, int(lasts.Seconds())),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: public.Scheme == "https",
	}
	if ticket == "" {
		c.MaxAge = -1
	}
	return c.String()
}

func (h handlers) SignInAtIssuer(ctx context.Context, r openapi.SignInAtIssuerRequestObject) (openapi.SignInAtIssuerResponseObject, error) {
	in, err := h.App.People.SignInAtIssuer(ctx, people.AtIssuer{
		Ticket: valueOf(r.Params.FleetledgerOidc), State: valueOf(r.Params.State), Code: valueOf(r.Params.Code),
		RedirectURI: h.PublicURL + callbackPath, Address: callOf(ctx).address, From: callOf(ctx).from,
	})
	if err != nil {
		return nil, err
	}
	if in.Next != nil {
		step, err := secondStep(in.Next)
		return openapi.SignInAtIssuer202JSONResponse{
			Body: step, Headers: openapi.SignInAtIssuer202ResponseHeaders{SetCookie: h.attemptCookie("", 0)},
		}, err
	}
	return openapi.SignInAtIssuer200JSONResponse{
		Body:    openapi.SignedIn{Token: in.Token, ExpiresAt: in.ExpiresAt},
		Headers: openapi.SignInAtIssuer200ResponseHeaders{SetCookie: h.attemptCookie("", 0), XPosition: in.Position.String()},
	}, nil
}
