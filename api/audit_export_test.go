package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/transparency"
)

// exported is the types of the events of an export that verifies.
func exported(t *testing.T, c *caller, query string) []string {
	t.Helper()
	answer := c.get("/v1/audit/export?" + query).is(200)
	_, err := transparency.Verify(bytes.NewReader(answer.body), nil)
	require.NoError(t, err)
	types := []string{}
	for line := range strings.Lines(string(answer.body)) {
		var l struct{ Leaf struct{ Type string } }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if l.Leaf.Type != "" {
			types = append(types, l.Leaf.Type)
		}
	}
	return types
}

// Auditors and administrators take with them what they see whole, and no more.
func TestExportsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	alder := s.customerOf(reseller, "Alder")
	customer := s.signIn(alder, "")
	expect(t, "registered", reseller.registers(newDevice(1, resellerUID)), []string{"created"})
	when(s.TransferDevices(ctx, nil, client.TransferRequest{From: &resellerUID, To: &alder, Devices: &[]string{mp70(1)}})).Then(t)
	when(s.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(1)}, Term: new("P1Y")})).Then(t)
	reseller.After(s.Position())
	customer.After(s.Position())
	when(s.GetCheckpoint(ctx, &client.GetCheckpointParams{MinPosition: new(s.Position())})).Then(t)

	all := []string{"Registered", "Transferred", "ServiceRenewed"}
	require.Equal(t, all, exported(t, s.caller, "device="+mp70(1)))
	require.Equal(t, all, exported(t, reseller, "device="+strings.ToLower(mp70(1))))
	require.Equal(t, []string{"ServiceRenewed"}, exported(t, customer, "device="+mp70(1)), "it came from an account that the customer does not see")
	require.Empty(t, exported(t, s.caller, "device="+mp70(1)+"&to=2020-01-01"))

	require.Equal(t, []string{"ServiceRenewed"}, withoutAccount(exported(t, customer, "account="+alder.String())))
	require.Equal(t, []string{"Registered", "Transferred"}, withoutAccount(exported(t, reseller, "account="+resellerUID.String())))
	require.Greater(t, len(exported(t, s.caller, "")), 6)
	require.Contains(t, exported(t, s.caller, "account="+alder.String()), "PartnershipEstablished")

	s.get("/v1/audit/export?device="+mp70(1)+"&account="+alder.String()).refusedWith(400, "#/query/account invalid_value")
	s.get("/v1/audit/export?from=2026-02-01&to=2026-01-01").refusedWith(400, "#/query/to invalid_value")
	s.get("/v1/audit/export?from=yesterday").refusedWith(400, "#/query/from instant_invalid")
	s.get("/v1/audit/export?device="+mp70(7)).refusedWith(404, "not_found")
	customer.get("/v1/audit/export?account="+resellerUID.String()).refusedWith(404, "not_found")
	customer.get("/v1/audit/export?account="+uuid.NewString()).refusedWith(404, "not_found")
	customer.get("/v1/audit/export").refusedWith(403, "forbidden")
}

// withoutAccount leaves out the events of the account itself.
func withoutAccount(types []string) (rest []string) {
	for _, name := range types {
		if !strings.HasPrefix(name, "Account") {
			rest = append(rest, name)
		}
	}
	return rest
}
