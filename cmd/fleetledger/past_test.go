package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// lifetime is a service whose clock moves month by month, with the pages that it showed.
type lifetime struct {
	*service
	reseller, first, second uuid.UUID
	kept                    []keptPages
	devices                 int
}

// keptPages are what was shown at an instant.
type keptPages struct {
	asOf  string
	pages map[string]string
}

// lists are the pages that are kept, in both forms.
func (l *lifetime) lists() []string {
	return []string{
		"/v1/customers?limit=1000&sort=initialRenewal", "/v1/customers?limit=1000&sort=-totalSystems",
		"/v1/accounts?limit=1000&sort=-name", "/v1/devices?limit=1000&sort=serviceEnd", "/v1/devices?limit=1000&state=suspended",
		"/v1/accounts/" + l.first.String() + "/partners?limit=1000", "/v1/renewals?limit=1000",
	}
}

// shown asks for all lists as they are, or were at an instant.
func (l *lifetime) shown(asOf string) map[string]string {
	l.t.Helper()
	pages := map[string]string{}
	for _, path := range l.lists() {
		for _, form := range []string{"application/json", "text/csv"} {
			address := l.url + path + "&minPosition=" + l.operator.Position()
			if asOf != "" {
				address += "&asOf=" + url.QueryEscape(asOf)
			}
			request, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, address, http.NoBody)
			require.NoError(l.t, err)
			request.Header.Set("Authorization", "Bearer "+l.token)
			if strings.HasPrefix(path, "/v1/customers") {
				request.Header.Set("X-Account", l.reseller.String())
			}
			request.Header.Set("Accept", form)
			answer, err := http.DefaultClient.Do(request)
			require.NoError(l.t, err)
			text, err := io.ReadAll(answer.Body)
			require.NoError(l.t, err)
			require.NoError(l.t, answer.Body.Close())
			require.Equal(l.t, http.StatusOK, answer.StatusCode, "%s: %s", path, text)
			pages[path+" "+form] = string(text)
		}
	}
	return pages
}

// keeps keeps what is shown now, and lets a month pass.
func (l *lifetime) keeps() {
	l.t.Helper()
	pages := l.shown("")
	now := when(l.operator.GetSandboxClock(l.t.Context())).Then(l.t).JSON200.Now
	l.kept = append(l.kept, keptPages{now.Format(time.RFC3339Nano), pages})
	when(l.operator.MoveSandboxClock(l.t.Context(), nil, client.ClockRequest{Advance: new("P1M")})).Then(l.t)
}

// registered registers some devices in an account.
func (l *lifetime) registered(account uuid.UUID, n int) (serials []string) {
	l.t.Helper()
	for range n {
		l.devices++
		serials = append(serials, fmt.Sprintf("LD%014d", l.devices))
		l.registers(l.operator, account, client.Registration{SerialNumber: serials[len(serials)-1], Esn: new(fmt.Sprintf("%08X", l.devices))})
	}
	return serials
}

// dies kills the service and starts it again.
func (l *lifetime) dies() {
	l.t.Helper()
	position := l.operator.Position()
	l.kill()
	l.service = serve(l.t, l.dir, "--sandbox")
	l.operator.After(position)
}

// TestThePastIsWhatWasShown keeps the lists of half a year, with kills in between, and
// compares them with what is said of these instants at the end.
func TestThePastIsWhatWasShown(t *testing.T) {
	t.Parallel()
	long(t)
	l := &lifetime{service: serve(t, t.TempDir(), "--sandbox")}
	ctx := t.Context()
	reseller, token := l.service.reseller("Summit Wireless")
	desk := l.client(token)
	l.reseller = reseller
	l.first, l.second = l.customer(desk, "Prairie Fire", client.Complete), l.customer(desk, "Café Nord", client.Complete)
	old := l.registered(l.first, 3)
	own := l.registered(reseller, 2)
	ordered := when(desk.RenewDevices(ctx, nil, client.RenewalRequest{Devices: old[:2], Term: new("P1Y"), OrderNumber: new("PO-1")})).Then(t)
	l.operator.After(desk.Position())
	l.keeps()

	moved := when(l.operator.TransferDevices(ctx, nil, client.TransferRequest{From: &reseller, To: &l.second, Devices: &own})).Then(t)
	require.Equal(t, client.OutcomeTransferred, moved.JSON201.Results[0].Outcome, "%s", moved.Body)
	when(l.operator.ApplyRenewal(ctx, *ordered.JSON200.Id, nil, client.RenewalAnswer{Devices: &[]string{old[0]}})).Then(t)
	l.dies()
	l.keeps()

	when(l.operator.EditDevice(ctx, old[0], nil, client.DeviceEdit{Name: new("engine of Prairie Fire")})).Then(t)
	when(l.operator.SuspendDevice(ctx, old[1], nil, client.Reason{})).Then(t)
	when(l.operator.DeclineRenewal(ctx, *ordered.JSON200.Id, nil, client.RenewalAnswer{Reason: new("no credit")})).Then(t)
	l.keeps()

	when(l.operator.EditAccount(ctx, l.second, nil, client.AccountEdit{Name: new("Café Süd")})).Then(t)
	when(l.operator.ResumeDevice(ctx, old[1], nil, client.Reason{})).Then(t)
	when(l.operator.RetireDevice(ctx, old[2], nil, client.Reason{Reason: new("broken")})).Then(t)
	l.keeps()
	l.dies()

	when(l.operator.ReverseRenewal(ctx, *ordered.JSON200.Id, nil, client.RenewalReversalRequest{Reason: new("a slip")})).Then(t)
	l.registered(l.second, 2)
	l.keeps()
	l.dies()

	for i, then := range l.kept {
		for page, was := range l.shown(then.asOf) {
			require.Equal(t, then.pages[page], was, "month %d: %s", i, page)
		}
	}
}
