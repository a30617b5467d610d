package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// What is given in the tests of the whole service. What happens then reads
// when(call).Then(t), or .Refused(t, status, codes...).

// stack is the whole service behind the API, and the operator calling it.
type stack struct {
	*caller
	service *apitest.Service
	app     *app.App
	clock   *clocktest.Clock
}

func newStack(t *testing.T, options ...apitest.Option) *stack {
	t.Helper()
	s := apitest.Start(t, options...)
	return &stack{caller: callerOf(t, s.Handler, operatorToken), service: s, app: s.App, clock: s.Clock}
}

func when[R any](answer R, err error) apitest.Outcome[R] { return apitest.When(answer, err) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signIn makes a token as `token create` does, and the caller that uses it.
func (s *stack) signIn(account uuid.UUID, profile string) *caller {
	s.t.Helper()
	return s.as(s.service.Token(account, profile))
}

// reseller opens a reseller account and signs its administrator in.
func (s *stack) reseller(name string) (uuid.UUID, *caller) {
	s.t.Helper()
	uid := s.account(name, client.Reseller)
	return uid, s.signIn(uid, "")
}

// account opens an account of either type.
func (s *stack) account(name string, kind client.AccountType) uuid.UUID {
	s.t.Helper()
	return when(s.CreateAccount(s.t.Context(), nil, client.NewAccount{
		Name: name, Type: kind, Administrator: somebody(),
	})).Then(s.t).JSON201.Uid
}

// activate has the administrator of an account accept, who was invited with it. One
// that nobody activates has no access after a week.
func (s *stack) activate(accounts ...uuid.UUID) {
	s.t.Helper()
	for _, uid := range accounts {
		s.accept(s.app.Tokens.Invitation(uid, 1))
	}
}

// runDue does what is due, twice, as on two instances, and waits until lists and the feed
// know of it.
func (s *stack) runDue() {
	s.t.Helper()
	for range 2 {
		must(s.t, s.app.Schedule.RunDue(s.t.Context()))
	}
	var end uint64
	must(s.t, s.service.Node.Pool().QueryRow(s.t.Context(), `SELECT max(position) FROM eventnode.events`).Scan(&end))
	s.After(s.service.Epoch.Position(eventlog.Position{Commit: end, Prepare: end}))
	s.get("/v1/devices?limit=1&minPosition=" + s.Position()).is(http.StatusOK)
	s.get("/v1/events?limit=1&minPosition=" + s.Position()).is(http.StatusOK)
}

// inviteAgain keeps accounts pending that nobody has activated in time.
func (s *stack) inviteAgain(accounts ...uuid.UUID) {
	s.t.Helper()
	for _, uid := range accounts {
		when(s.ResendInvitation(s.t.Context(), uid, nil, client.Reason{})).Then(s.t)
	}
}

// customerOf opens a customer's account.
func (s *stack) customerOf(reseller *caller, name string) uuid.UUID {
	s.t.Helper()
	return when(reseller.CreateCustomer(s.t.Context(), nil, customerNamed(name))).Then(s.t).JSON201.Uid
}

func customerNamed(name string) client.NewCustomer {
	return client.NewCustomer{Name: name, Administrator: somebody()}
}

// somebody is nobody else's administrator.
func somebody() client.Administrator {
	return client.Administrator{Email: "admin@" + uuid.NewString() + ".example"}
}

// fullAccess lets the reseller do everything in the customer's account.
func (s *stack) fullAccess(reseller, customer uuid.UUID) {
	s.t.Helper()
	s.partnerProfile(reseller, customer, "full")
}

// partnerProfile has the customer choose what the reseller may do.
func (s *stack) partnerProfile(reseller, customer uuid.UUID, profile string) {
	s.t.Helper()
	when(s.signIn(customer, "").AssignPartnerProfile(s.t.Context(), customer, reseller, nil, client.ProfileAssignment{Profile: &profile})).Then(s.t)
}

// newDevice is the nth device, to be registered into an account; without one into
// the caller's.
func newDevice(n int, account ...uuid.UUID) client.Registration {
	r := client.Registration{SerialNumber: mp70(n), Imei: new(imei(n))}
	for _, uid := range account {
		r.Account = new(uid.String())
	}
	return r
}

// request registers devices in one request.
func request(items ...client.Registration) client.RegistrationRequest {
	return client.RegistrationRequest{Items: items}
}

// registers registers devices and gives their outcomes.
func (c *caller) registers(items ...client.Registration) []string {
	c.t.Helper()
	return outcomes(*when(c.RegisterDevices(c.t.Context(), nil, request(items...))).Then(c.t).JSON200)
}

// imei makes the nth valid IMEI of the test range.
func imei(n int) string {
	digits := fmt.Sprintf("0044%010d", n)
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

func mp70(n int) string { return fmt.Sprintf("LD%014d", n) }
