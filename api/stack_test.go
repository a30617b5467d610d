package api_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
)

// stack is the whole service behind the API, and the operator calling it.
type stack struct {
	*caller
	service *apitest.Service
	app     *app.App
	clock   *apitest.Clock
}

func newStack(t *testing.T, options ...apitest.Option) *stack {
	t.Helper()
	s := apitest.Start(t, options...)
	return &stack{caller: callerOf(t, s.Handler, operatorToken), service: s, app: s.App, clock: s.Clock}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signIn makes a token as `token create` does, and the caller that uses it.
func (s *stack) signIn(account, profile string) *caller {
	s.t.Helper()
	return s.as(s.service.Token(uuid.MustParse(account), profile))
}

// reseller opens a reseller account and signs its administrator in.
func (s *stack) reseller(name string) (uid string, c *caller) {
	s.t.Helper()
	got := s.post("/v1/accounts", fmt.Sprintf(`{"name":%q,"type":"reseller","administrator":{"email":"admin@%s.example","name":"R"}}`, name, uuid.NewString())).is(201)
	uid = into[openapi.CreatedAccount](got).Uid.String()
	return uid, s.signIn(uid, "")
}

// customerOf opens a customer's account; position is where that was.
func (s *stack) customerOf(reseller *caller, name string) (uid, position string) {
	s.t.Helper()
	got := reseller.post("/v1/customers", fmt.Sprintf(`{"name":%q,"administrator":{"email":"admin@%s.example"}}`, name, uuid.NewString())).is(201)
	return into[openapi.CreatedAccount](got).Uid.String(), got.header.Get("X-Position")
}

// fullAccess lets the reseller do everything in the customer's account.
func (s *stack) fullAccess(reseller, customer string) {
	s.t.Helper()
	s.signIn(customer, "").send("PATCH", "/v1/accounts/"+customer+"/partners/"+reseller, `{"profile":"full"}`).is(200)
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
