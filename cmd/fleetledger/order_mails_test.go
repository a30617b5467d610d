package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
)

// Mails about an order reach both sides through the running service, each once, also
// when it is killed in between.
func TestMailsAboutOrders(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery"
	const seller, buyer = "admin@summit-wireless.example", "admin@prairie-fire.example"
	s, ctx := serve(t, t.TempDir()), t.Context()
	_, token := s.reseller("Summit Wireless")
	reseller, visitor := s.client(token), s.client("")
	customer := s.customer(reseller, "Prairie Fire", "complete")
	accept := client.ActivationRequest{Name: new("Ada"), Password: password}
	for _, to := range []string{seller, buyer} {
		when(visitor.ActivateAccount(ctx, s.mailed(to, activationLink), accept)).Then(t)
	}
	s.registers(reseller, customer, client.Registration{SerialNumber: "LD72997819284879", Imei: new("004491972154667")})
	number := "PO-1001"
	order := when(reseller.RenewDevices(ctx, nil, client.RenewalRequest{
		Devices: []string{"LD72997819284879"}, Term: new("P1Y"), OrderNumber: &number,
	})).Then(t).JSON200.Id
	ordered := regexp.MustCompile(`(?s)order =E2=80=9CPO-1001=E2=80=9D of =E2=80=9CSummit Wireless=E2=80=9D was ordered.*Term.*P1Y.*LD72997819284879.*/orders/(` + order.String() + `)`)
	require.Equal(t, order.String(), s.mailed(buyer, ordered))

	s.kill()
	s = serve(t, s.dir)
	when(s.operator.DeclineRenewal(ctx, *order, nil, client.RenewalAnswer{Reason: new("not paid")})).Then(t)
	declined := regexp.MustCompile(`(?s)order =E2=80=9CPO-1001=E2=80=9D of =E2=80=9CSummit Wireless=E2=80=9D was declined.*Reason.*not paid.*LD72997819284879.*/orders/(` + order.String() + `)`)
	require.Equal(t, order.String(), s.mailed(seller, declined))
	s.stop()
	mails, err := filepath.Glob(filepath.Join(s.dir, "outbox", "*.eml"))
	require.NoError(t, err)
	about := 0
	for _, mail := range mails {
		text, err := os.ReadFile(mail)
		require.NoError(t, err)
		if strings.Contains(plainMail(string(text)), number) {
			about++
		}
	}
	require.Equal(t, 2, about)
}
