package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections/feed"
)

// Data of versions before, made by their own programs: testdata/upgrade/README.md.
const (
	rulesOfBefore = "rules-of-before"
	readModel5    = "read-model-5"
)

func TestUpgrade(t *testing.T) {
	t.Parallel()
	long(t)
	for _, fixture := range []string{rulesOfBefore, readModel5} {
		t.Run(fixture, func(t *testing.T) {
			t.Parallel()
			dir, was := restored(t, fixture)
			u := upgrade{t: t, fixture: fixture, was: was, service: upgraded(t, dir)}
			u.operationGoesOn()
			u.pagesAreKept()
			u.pastIsKept()
			u.feedHasEverything()
			u.peopleAreKept()
			u.renewalsAreListed()
			u.resellersHaveAllOffers()
			u.nothingHappensAgain()
			u.mailsAreNotSentAgain()
			u.rulesHoldForDevicesOfBefore()
		})
	}
}

// upgrade is a service on the data of a version before.
type upgrade struct {
	*service
	t       *testing.T
	fixture string
	was     answers
}

// as calls with a token of before.
func (u *upgrade) as(who string) *client.Client {
	u.t.Helper()
	require.Contains(u.t, u.was.Sessions, who)
	return u.client(u.was.Sessions[who])
}

// A registration that was being carried out ends.
func (u *upgrade) operationGoesOn() {
	const total = 200
	require.Equal(u.t, client.Summary{Total: total, Created: new(total)}, u.finished(u.as("summit"), u.was.Operation))
}

// What lists and histories showed at last they show still, besides the devices
// that the operation has registered since.
func (u *upgrade) pagesAreKept() {
	t, ctx := u.t, u.t.Context()
	last := u.was.Moments[len(u.was.Moments)-1]
	devices := when(u.operator.ListDevices(ctx, &client.ListDevicesParams{
		Sort: new("serialNumber"), Limit: new(len(last.Devices.Items)),
	})).Then(t)
	requireKept(t, last.Devices.Items, items(t, devices.Body))
	accounts := when(u.operator.ListAccounts(ctx, &client.ListAccountsParams{Sort: new("name")})).Then(t)
	requireKept(t, u.was.Accounts.Items, items(t, accounts.Body), "offers", "revision")
	users := when(u.as("summit").ListUsers(ctx, u.was.UIDs["summit"], nil)).Then(t)
	requireKept(t, u.was.Users.Items, items(t, users.Body))
	for serial, types := range u.was.Histories {
		var now []string
		for _, item := range when(u.operator.GetDeviceHistory(ctx, serial, nil)).Then(t).JSON200.Items {
			now = append(now, *item.Type)
		}
		require.Equal(t, types, now, serial)
	}
	slots := when(u.as("summit").GetSlots(ctx, u.was.UIDs["summit"], nil)).Then(t)
	requireKept(t, []object{u.was.Slots}, items(t, []byte(`{"items":[`+string(slots.Body)+`]}`)))
	release := when(u.as("ridge").GetReleaseRequest(ctx, u.was.Release, nil)).Then(t).JSON200
	require.Equal(t, "open", string(release.State))
}

// The feed has all of the log but what the service notes for itself, also what was there
// before there was a feed, and in its order.
func (u *upgrade) feedHasEverything() {
	t := u.t
	var told []string
	for last := (*uuid.UUID)(nil); ; {
		events := *when(u.operator.ReadEvents(t.Context(), &client.ReadEventsParams{LastEventId: last, Limit: new(1000)})).Then(t).ApplicationcloudeventsBatchJSON200
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if e.Computed == nil {
				told = append(told, e.Id.String())
			}
		}
		last = &events[len(events)-1].Id
	}
	url, err := private.ConnString(u.dir)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	rows, _ := conn.Query(t.Context(), `SELECT id::text FROM eventnode.events
		WHERE stream <> $1 AND EXISTS (SELECT FROM unnest($2::text[]) AS p WHERE starts_with(stream, p)) ORDER BY position`,
		eventlog.DaysStream, feed.Projection(query.DefaultWindows).Prefixes)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(all), 100)
	require.Equal(t, all, told)
}

// A past page shows what the page showed then: it goes by when things happened.
// Sign-ins were no events under the rules of before, so only the last one is known.
func (u *upgrade) pastIsKept() {
	t, ctx := u.t, u.t.Context()
	for i, then := range u.was.Moments {
		var except []string
		if u.fixture == rulesOfBefore && i < len(u.was.Moments)-1 {
			except = append(except, "lastLogin")
		}
		asOf := new(then.At.Format(time.RFC3339Nano))
		customers := when(u.as("summit").ListCustomers(ctx, &client.ListCustomersParams{AsOf: asOf})).Then(t)
		requireKept(t, then.Customers.Items, items(t, customers.Body), except...)
		devices := when(u.operator.ListDevices(ctx, &client.ListDevicesParams{AsOf: asOf, Sort: new("serialNumber")})).Then(t)
		requireKept(t, then.Devices.Items, items(t, devices.Body))
	}
}

// Whoever was signed in still is, tokens of accounts are good and passwords known. A
// personal token has ended: it was made with a secret that a dump told.
func (u *upgrade) peopleAreKept() {
	for who := range u.was.Sessions {
		switch who {
		case "operator":
		case "token":
			when(u.as(who).GetMe(u.t.Context(), nil)).Refused(u.t, http.StatusUnauthorized, "unauthenticated")
		default:
			when(u.as(who).GetMe(u.t.Context(), nil)).Then(u.t)
		}
	}
	u.signIn("admin@prairie-fire.example", "correct horse battery")
}

// Renewals of before are listed with what became of them, and their numbers count.
func (u *upgrade) renewalsAreListed() {
	t, ctx := u.t, u.t.Context()
	states := map[string]client.RenewalState{}
	for _, renewal := range when(u.operator.ListRenewals(ctx, nil)).Then(t).JSON200.Items {
		require.Equal(t, u.was.Renewals[renewal.OrderNumber], renewal.Id)
		states[renewal.OrderNumber] = renewal.State
	}
	last := client.RenewalStateApplied
	if u.fixture == readModel5 {
		last = client.RenewalStateOrdered
	}
	require.Equal(t, map[string]client.RenewalState{
		"PO-1": client.RenewalStateApplied, "PO-2": client.RenewalStateApplied, "PO-3": client.RenewalStateReversed, "PO-4": last,
	}, states)
	for number, serial := range map[string]string{"PO-1": "LD00000000000002", "PO-2": "LD00000000000004", "PO-4": "LD00000000000012"} {
		again := when(u.as("summit").RenewDevices(ctx, nil, client.RenewalRequest{
			Devices: []string{serial}, Term: new("P1Y"), OrderNumber: &number,
		})).Then(t).JSON200.Results[0]
		require.Equal(t, client.OutcomeRefused, again.Outcome, number)
		require.Equal(t, "order_number_used", again.Problems[0].Code, number)
	}
}

// A reseller's account that lacked offers has been given all.
func (u *upgrade) resellersHaveAllOffers() {
	ridge := when(u.operator.GetAccount(u.t.Context(), u.was.UIDs["ridge"], nil)).Then(u.t).JSON200
	require.Len(u.t, ridge.Offers, 3)
}

// Two more starts append nothing.
func (u *upgrade) nothingHappensAgain() {
	end := u.settled()
	for range 2 {
		u.stop()
		u.service = upgraded(u.t, u.dir)
		require.Equal(u.t, end, u.settled(), "%v", u.events(end))
	}
}

// noticed is the subject of a notice of the month.
var noticed = regexp.MustCompile(`Subject: .* due by `)

// tokensEnded is the subject of the mail that a user's tokens have ended.
var tokensEnded = regexp.MustCompile(`Subject: (Your tokens and calendars have ended)`)

// A mail that is caused now is the first one since, but for what no version before
// mailed: notices of the month, requests to release a device that still wait, and that
// the personal token has ended.
func (u *upgrade) mailsAreNotSentAgain() {
	const email = "new@summit-wireless.example"
	when(u.as("summit").InviteUser(u.t.Context(), u.was.UIDs["summit"], nil, client.NewUser{Email: email, Profiles: &[]string{"full"}})).Then(u.t)
	u.mailed(email, activationLink)
	u.mailed("tess@summit-wireless.example", tokensEnded)
	var others []string
	for _, name := range u.newMails() {
		mail, err := os.ReadFile(filepath.Join(u.dir, "outbox", name))
		require.NoError(u.t, err)
		text := plainMail(string(mail))
		if !strings.Contains(text, "Subject: Somebody asks for the device LD00000000000006") && !noticed.MatchString(text) && !tokensEnded.MatchString(text) {
			others = append(others, name)
		}
	}
	require.Len(u.t, others, 1)
}

// The included year is told from the first registration: a device that a reseller
// registered has it when it goes to a customer, one that a customer had before has
// not. A SIM that came into a reseller's account stays and is shown.
func (u *upgrade) rulesHoldForDevicesOfBefore() {
	t, ctx := u.t, u.t.Context()
	desk, summit, prairie := u.as("summit"), u.was.UIDs["summit"], u.was.UIDs["prairie"]
	transfer := func(serial string, from, to uuid.UUID) string {
		done := when(desk.TransferDevices(ctx, nil, client.TransferRequest{From: &from, To: &to, Devices: &[]string{serial}})).Then(t)
		require.Equal(t, client.OutcomeTransferred, done.JSON201.Results[0].Outcome, "%s", done.Body)
		return *when(desk.GetDevice(ctx, serial, nil)).Then(t).JSON200.ServiceEnd
	}
	require.Equal(t, "2042-04-10", transfer("LD00000000000015", summit, prairie), "a new term from today")
	transfer("LD00000000000008", prairie, summit)
	require.Equal(t, "2041-08-10", transfer("LD00000000000008", summit, prairie), "what it had")

	const sim = "8901260000000000001"
	device := when(desk.GetDevice(ctx, "LD00000000000001", nil)).Then(t).JSON200
	require.Equal(t, sim, *device.Iccid)
	in := prairie
	if u.fixture == rulesOfBefore {
		in = summit
	}
	require.Equal(t, in, device.Account.Uid)
}
