package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
)

// Closing an account tells what it holds, and what is open there stops by itself.
// Reopening brings none of it back.
func TestClosingStopsWhatIsOpen(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	boss := d.signIn(d.customer, "")
	_, stranger := d.stack.reseller("Southwind")
	order := client.RenewalRequest{Term: new("P1Y"), Devices: []string{mp70(0)}}
	own := *when(boss.RenewDevices(ctx, nil, order)).Then(t).JSON200.Id
	order.Devices = []string{mp70(1)}
	partners := *when(d.reseller.RenewDevices(ctx, nil, order)).Then(t).JSON200.Id
	asked := when(stranger.RequestRelease(ctx, nil, client.ReleaseRequestInput{SerialNumber: mp70(2), Imei: new(imei(2))})).Then(t).JSON201.Id

	when(boss.CloseAccount(ctx, d.customer, nil, client.Closing{})).Refused(t, 403, "forbidden")
	when(stranger.CloseAccount(ctx, d.customer, nil, client.Closing{})).Refused(t, 403, "forbidden")
	when(d.CloseAccount(ctx, uuid.New(), nil, client.Closing{Confirm: new(true)})).Refused(t, 404, "not_found")
	want := client.Holdings{Devices: 3, ActiveDevices: 3, Partnerships: 1, Orders: 2, ReleaseRequests: 1}
	closing := client.Closing{Confirm: new(true), Reason: new("insolvent")}
	tried := when(d.CloseAccount(ctx, d.customer, &client.CloseAccountParams{DryRun: new(true)}, closing)).Then(t).JSON200
	expect(t, "a dry run holds", tried.Holds, want)
	closed := when(d.CloseAccount(ctx, d.customer, nil, closing)).Then(t).JSON200
	expect(t, "holds", closed.Holds, want)

	d.clock.Advance(time.Minute)
	d.until(func() bool {
		return when(stranger.GetReleaseRequest(ctx, asked, nil)).Then(t).JSON200.State == "ended"
	})
	d.until(func() bool {
		after := when(d.CloseAccount(ctx, d.customer, nil, closing)).Then(t).JSON200
		return after.Holds == client.Holdings{Devices: 3, ActiveDevices: 3}
	})
	when(d.ReopenAccount(ctx, d.customer, nil, client.Reopening{})).Then(t)
	for _, id := range []uuid.UUID{own, partners} {
		shown := when(d.GetRenewal(ctx, id, nil)).Then(t).JSON200
		expect(t, "order", []string{string(shown.State), shown.Items[0].Reason}, []string{"withdrawn", "The account was closed."})
	}
	d.reseller.After(d.Position())
	when(d.reseller.GetAccount(ctx, d.customer, nil)).Refused(t, 404, "not_found")
}

// until waits for what happens by itself.
func (s *stack) until(happened func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-tick.C:
		case <-s.t.Context().Done():
			s.t.Fatal("it does not happen")
		}
	}
}
