package api_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/access"
)

// counting counts whom it was asked for.
type counting struct {
	api.Authenticator
	asked []string
}

func (c *counting) Authenticate(ctx context.Context, token string) (access.Caller, error) {
	c.asked = append(c.asked, token)
	return c.Authenticator.Authenticate(ctx, token)
}

// Given a page that shares its caller, then its reads look the caller up once, and anew
// what writes, another token, another page, and whoever was not found.
func TestPagesShareTheirCaller(t *testing.T) {
	t.Parallel()
	f := &fake{}
	o := options(f)
	asked := &counting{Authenticator: o.Authenticator}
	o.Authenticator = asked
	c := newClient(t, o)
	get := func(ctx context.Context, c *caller) {
		_, err := c.GetMe(ctx, nil)
		require.NoError(t, err)
	}
	for range 2 {
		page := api.SharingCaller(t.Context())
		get(page, c)
		get(page, c)
		_, err := c.SuspendDevice(page, uuid.NewString(), nil, client.SuspendDeviceJSONRequestBody{})
		require.NoError(t, err)
		get(page, c.as(operatorToken))
	}
	get(t.Context(), c)
	get(t.Context(), c)
	onePage := []string{resellerToken, resellerToken, operatorToken}
	require.Equal(t, slices.Concat(onePage, onePage, []string{resellerToken, resellerToken}), asked.asked)

	asked.asked = nil
	page := api.SharingCaller(t.Context())
	for range 2 {
		_, err := c.as("nobody's").GetMe(page, nil)
		problem, _ := errors.AsType[*client.Problem](err)
		require.NotNil(t, problem)
		require.Equal(t, http.StatusUnauthorized, problem.Status)
	}
	require.Equal(t, []string{"nobody's", "nobody's"}, asked.asked)
}
