package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type clockAnswer struct{ Now time.Time }

// years of a sandbox: what falls due on the way is done when the answer comes,
// the clock survives a power cut, and tools beside the service go by it too.
func TestSandbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir, "--sandbox")
	account, desk := s.reseller("Summit Wireless")
	s.do(http.StatusOK, http.MethodPost, "/v1/device-registrations", desk, map[string]any{
		"items": []map[string]string{{"serialNumber": "LD72997819284879", "imei": "004491972154667", "account": account}},
	})
	var before, after clockAnswer
	s.do(http.StatusOK, http.MethodGet, "/v1/sandbox/clock", s.operator, nil).read(t, &before)
	s.do(http.StatusForbidden, http.MethodGet, "/v1/sandbox/clock", desk, nil)
	s.do(http.StatusForbidden, http.MethodPost, "/v1/sandbox/clock", desk, map[string]string{"advance": "P1M"})
	s.do(http.StatusUnprocessableEntity, http.MethodPost, "/v1/sandbox/clock", s.operator, map[string]any{"now": before.Now.Add(-time.Hour)})

	moved := s.do(http.StatusOK, http.MethodPost, "/v1/sandbox/clock", s.operator, map[string]string{"advance": "P11Y"})
	moved.read(t, &after)
	require.WithinDuration(t, before.Now.AddDate(11, 0, 0), after.Now, 48*time.Hour)
	var device struct{ ServiceEnd, ServiceStatus string }
	path := "/v1/devices/LD72997819284879"
	s.do(http.StatusOK, http.MethodGet, path+"?minPosition="+moved.header.Get("X-Position"), desk, nil).read(t, &device)
	require.Equal(t, "active", device.ServiceStatus)
	require.Equal(t, before.Now.AddDate(15, 0, 0).Year(), year(t, device.ServiceEnd))
	var history struct {
		Items []struct {
			Type       string
			OccurredAt time.Time
			Actor      struct{ Kind, ID string }
		}
	}
	s.do(http.StatusOK, http.MethodGet, path+"/history", desk, nil).read(t, &history)
	require.Len(t, history.Items, 3)
	for i, item := range history.Items[1:] {
		require.Equal(t, "ServiceRenewed", item.Type)
		require.Equal(t, "automatic-renewals", item.Actor.ID)
		require.Equal(t, before.Now.Year()+5*(i+1), item.OccurredAt.Year())
	}

	// Killed and started without the switch: time does not go back.
	s.kill()
	s = serve(t, dir)
	s.do(http.StatusNotFound, http.MethodGet, "/v1/sandbox/clock", s.operator, nil)
	s.do(http.StatusNotFound, http.MethodPost, "/v1/sandbox/clock", s.operator, map[string]string{"advance": "P1M"})
	s.stop()
	s = serve(t, dir, "--sandbox")
	var again clockAnswer
	s.do(http.StatusOK, http.MethodGet, "/v1/sandbox/clock", s.operator, nil).read(t, &again)
	require.False(t, again.Now.Before(after.Now))
	require.WithinDuration(t, after.Now, again.Now, 10*time.Minute)
}

func year(t *testing.T, date string) int {
	t.Helper()
	d, err := time.Parse(time.DateOnly, date)
	require.NoError(t, err)
	return d.Year()
}
