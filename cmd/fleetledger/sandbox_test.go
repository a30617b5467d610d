package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
)

// Years of a sandbox: what falls due on the way is done when the answer comes,
// the clock survives a power cut, and tools beside the service go by it too.
func TestSandbox(t *testing.T) {
	t.Parallel()
	long(t)
	dir := t.TempDir()
	s := serve(t, dir, "--sandbox")
	ctx, month := t.Context(), client.ClockRequest{Advance: new("P1M")}
	const serial = "LD72997819284879"
	account, token := s.reseller("Summit Wireless")
	desk := s.client(token)
	s.registers(desk, account, client.Registration{SerialNumber: serial, Imei: new("004491972154667")})
	before := when(s.operator.GetSandboxClock(ctx)).Then(t).JSON200
	when(desk.GetSandboxClock(ctx)).RefusedAs(t, http.StatusForbidden)
	when(desk.MoveSandboxClock(ctx, nil, month)).RefusedAs(t, http.StatusForbidden)
	past := before.Now.Add(-time.Hour).Format(time.RFC3339Nano)
	when(s.operator.MoveSandboxClock(ctx, nil, client.ClockRequest{Now: &past})).RefusedAs(t, http.StatusUnprocessableEntity)

	after := when(s.operator.MoveSandboxClock(ctx, nil, client.ClockRequest{Advance: new("P11Y")})).Then(t).JSON200
	require.WithinDuration(t, before.Now.AddDate(11, 0, 0), after.Now, 48*time.Hour)
	desk = s.operator // the account has expired meanwhile, and its token with it
	device := when(desk.GetDevice(ctx, serial, nil)).Then(t).JSON200
	require.Equal(t, "active", *device.ServiceStatus)
	require.Equal(t, before.Now.AddDate(15, 0, 0).Year(), year(t, *device.ServiceEnd))
	history := when(desk.GetDeviceHistory(ctx, serial, nil)).Then(t).JSON200
	require.Len(t, history.Items, 3)
	for i, item := range history.Items[1:] {
		require.Equal(t, "ServiceRenewed", *item.Type)
		require.Equal(t, "automatic-renewals", item.Actor.Id)
		require.Equal(t, before.Now.Year()+5*(i+1), item.OccurredAt.Year())
	}

	// The past is that of the sandbox, and so is the future.
	asOf := func(at time.Time) apitest.Outcome[*client.GetDeviceResponse] {
		return when(desk.GetDevice(ctx, serial, &client.GetDeviceParams{AsOf: new(at.Format(time.RFC3339))}))
	}
	end := func(at time.Time) int { return year(t, *asOf(at).Then(t).JSON200.ServiceEnd) }
	asOf(before.Now.Add(-time.Hour)).RefusedAs(t, http.StatusNotFound)
	require.Equal(t, before.Now.AddDate(10, 0, 0).Year(), end(before.Now.AddDate(7, 0, 0)))
	require.Equal(t, before.Now.AddDate(15, 0, 0).Year(), end(after.Now))
	require.Equal(t, before.Now.AddDate(15, 0, 0).Year(), end(after.Now.AddDate(0, 0, 1)))
	asOf(after.Now.AddDate(10, 0, 2)).RefusedAs(t, http.StatusBadRequest)
	replayed, err := program(t.Context(), "replay", "device", serial, "--data-dir", dir,
		"--as-of", before.Now.AddDate(7, 0, 0).Format(time.DateOnly)).Output()
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(replayed), "  ServiceRenewed  "))

	// Killed and started without the switch: time does not go back.
	s.kill()
	s = serve(t, dir)
	when(s.operator.GetSandboxClock(ctx)).RefusedAs(t, http.StatusNotFound)
	when(s.operator.MoveSandboxClock(ctx, nil, month)).RefusedAs(t, http.StatusNotFound)
	s.stop()
	s = serve(t, dir, "--sandbox")
	again := when(s.operator.GetSandboxClock(ctx)).Then(t).JSON200
	require.False(t, again.Now.Before(after.Now))
	require.WithinDuration(t, after.Now, again.Now, 10*time.Minute)
}

func year(t *testing.T, date string) int {
	t.Helper()
	d, err := time.Parse(time.DateOnly, date)
	require.NoError(t, err)
	return d.Year()
}
