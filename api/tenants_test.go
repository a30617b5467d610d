package api_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// twoOfOne are two callers of one account, and one of another.
func twoOfOne(o *api.Options) (first, second, other string) {
	of := func(account uuid.UUID, id string) access.Caller {
		return access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: id, Account: account}, Administrator: true, Rights: rights.Administrator()}
	}
	o.Authenticator = tokens{"first": of(reseller, "1"), "second": of(reseller, "2"), "other": of(customer, "3")}
	return "first", "second", "other"
}

// held lets a test hold up who asks for the catalogue.
type held struct {
	api.Catalogues
	up func()
}

func (h held) InForce(ctx context.Context) (catalogues.InForce, error) {
	h.up()
	return h.Catalogues.InForce(ctx)
}

// What an account sends is limited, however many tokens it has, and every answer says what
// is left.
func TestAnAccountsRequestsAreLimited(t *testing.T) {
	t.Parallel()
	o := options(&fake{})
	o.RequestsPerMinute = 60
	first, second, other := twoOfOne(&o)
	c := newClient(t, o)
	left := func(token string) int {
		t.Helper()
		got := c.as(token).get("/v1/catalogue").is(http.StatusOK)
		n, err := strconv.Atoi(got.header.Get("RateLimit-Remaining"))
		must(t, err)
		if got.header.Get("RateLimit-Limit") != "60" || got.header.Get("RateLimit-Reset") == "" {
			t.Errorf("%v", got.header)
		}
		return n
	}
	for n := range 50 {
		if got, want := left([]string{first, second}[n%2]), 59-n; got < want || got > want+10 {
			t.Fatalf("%d left after %d", got, n+1)
		}
	}
	got := c.as(second).get("/v1/catalogue")
	for n := 0; got.status == http.StatusOK && n < 1000; n++ {
		got = c.as(second).get("/v1/catalogue")
	}
	got.refusedWith(http.StatusTooManyRequests, "too_many_requests")
	if left(other) < 59 {
		t.Error("another account has less")
	}
}

// An account whose requests fill all places it may have keeps no other waiting, and what it
// sends beyond what may be under way is refused at once.
func TestAnAccountsRequestsTakeTurns(t *testing.T) {
	t.Parallel()
	hold, atWork := make(chan struct{}), make(chan struct{}, 1000)
	o := options(&fake{})
	var free atomic.Bool
	o.App.Catalogues = held{o.App.Catalogues, func() {
		if !free.Load() {
			atWork <- struct{}{}
			<-hold
		}
	}}
	o.RequestsAtOnce = 60
	first, second, other := twoOfOne(&o)
	s, err := api.NewServer(o)
	must(t, err)
	const sent, together = 80, 60
	answers := make(chan *httptest.ResponseRecorder, sent)
	for n := range sent {
		go func() { answers <- from(t, s, "192.0.2.1:1", []string{first, second}[n%2], "/v1/catalogue") }()
	}
	for range sent - together {
		if refused := <-answers; refused.Code != http.StatusTooManyRequests || refused.Header().Get("Retry-After") == "" {
			t.Errorf("%d %v", refused.Code, refused.Header())
		}
	}
	for range 48 {
		<-atWork
	}
	free.Store(true)
	if got := from(t, s, "192.0.2.1:1", other, "/v1/catalogue"); got.Code != http.StatusOK {
		t.Errorf("another account: %d", got.Code)
	}
	close(hold)
	for range together {
		if answer := <-answers; answer.Code != http.StatusOK {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
	}
}

// TestMeasureAQuietTenant measures a quiet account beside a flooding one: it decides
// nothing. FLEETLEDGER_MEASURE=1 go test -v -run MeasureAQuiet ./api
func TestMeasureAQuietTenant(t *testing.T) { //nolint:paralleltest // it measures
	if os.Getenv("FLEETLEDGER_MEASURE") == "" {
		t.Skip("FLEETLEDGER_MEASURE is not set: nothing is measured")
	}
	s := newStack(t)
	_, noisy := s.reseller("Noisy Radio")
	_, quiet := s.reseller("Quiet Radio")
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DialContext: new(net.Dialer).DialContext}
	ask := func(ctx context.Context, token, path string) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, http.NoBody)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return // stopped
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	const path = "/v1/customers?minPosition=0"
	p99 := func() (p50, p99 time.Duration) {
		const requests = 1500
		var took []time.Duration
		for range requests {
			began := time.Now()
			ask(t.Context(), quiet.token, path)
			took = append(took, time.Since(began))
			<-time.After(2 * time.Millisecond)
		}
		slices.Sort(took)
		return took[requests/2], took[requests*99/100]
	}
	for _, connections := range []int{0, 16, 64} {
		ctx, stop := context.WithCancel(t.Context())
		var flooding sync.WaitGroup
		for range connections {
			flooding.Go(func() {
				for ctx.Err() == nil {
					ask(ctx, noisy.token, path)
				}
			})
		}
		median, last := p99()
		stop()
		flooding.Wait()
		t.Logf("beside %2d connections of another account: p50 %s, p99 %s", connections, median.Round(10*time.Microsecond), last.Round(10*time.Microsecond))
	}
}
