package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/api/client"
)

// answering makes a client of a server that gives these answers, in their order,
// and the requests that it got.
func answering(t *testing.T, answers ...http.HandlerFunc) (*client.Client, *[]*http.Request) {
	t.Helper()
	var got []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		answers[len(got)-1](w, r)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, "secret", client.WithHTTPClient(server.Client()))
	if err != nil {
		t.Fatal(err)
	}
	return c, &got
}

func reply(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestReadsWaitForWrites(t *testing.T) {
	list := reply(200, "application/json", `{"items":[],"total":0}`, "X-Position", "p1")
	c, got := answering(t, list,
		reply(201, "application/json", `{}`, "X-Position", "p7"), list, list, list)

	_, err := c.ListCustomers(t.Context(), nil)
	must(t, err)
	_, err = c.CreateCustomer(t.Context(), nil, client.NewCustomer{})
	must(t, err)
	_, err = c.ListCustomers(t.Context(), nil)
	must(t, err)
	own := "p3"
	_, err = c.ListCustomers(t.Context(), &client.ListCustomersParams{MinPosition: &own})
	must(t, err)
	c.After("p9")
	_, err = c.ListCustomers(t.Context(), nil)
	must(t, err)

	var asked []string
	for _, r := range *got {
		asked = append(asked, r.Method+" "+r.URL.Query().Get("minPosition"))
	}
	if diff := cmp.Diff([]string{"GET ", "POST ", "GET p7", "GET p3", "GET p9"}, asked); diff != "" {
		t.Error(diff)
	}
	if auth := (*got)[0].Header.Get("Authorization"); auth != "Bearer secret" {
		t.Errorf("Authorization: %q", auth)
	}
}

func TestProblemsAreErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
		codes  []string
		passes bool
	}{
		{
			"several", reply(422, "application/problem+json", `{"type":"/docs","title":"T","status":422,"code":"a","detail":"2 problems.","requestId":"r",
				"errors":[{"code":"a","detail":"A."},{"code":"b","detail":"B.","pointer":"/b"}]}`),
			"422 a: 2 problems.; a: A.; b: B.", []string{"a", "b"}, false,
		},
		{
			"passing", reply(503, "application/problem+json", `{"type":"/docs","title":"T","status":503,"code":"timeout","detail":"Slow.","requestId":"r"}`, "Retry-After", "1"),
			"503 timeout: Slow.", []string{"timeout"}, true,
		},
		{"something in between", reply(502, "text/html", "bad gateway"), "502 : bad gateway", []string{""}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fleet, _ := answering(t, c.answer)
			_, err := fleet.GetMe(t.Context(), nil)
			problem, ok := errors.AsType[*client.Problem](err)
			if !ok {
				t.Fatalf("not a problem: %v", err)
			}
			if problem.Error() != c.want || problem.Passing() != c.passes {
				t.Errorf("got %q, passing %t", problem.Error(), problem.Passing())
			}
			if diff := cmp.Diff(c.codes, problem.Codes()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHandlerInTheSameProcess(t *testing.T) {
	c, err := client.New("http://fleet.example", "secret", client.WithAccount("0195f3c2-7a51-7cc4-9f36-0d8a5c6f1b2e"),
		client.WithHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.RequestURI != "/v1/me" || r.Header.Get("X-Account") == "" {
				t.Errorf("%s %v", r.RequestURI, r.Header)
			}
			reply(200, "application/json", `{"kind":"token"}`)(w, r)
		})))
	must(t, err)
	me, err := c.GetMe(t.Context(), nil)
	must(t, err)
	if me.JSON200 == nil || me.Status != 200 {
		t.Errorf("%d %s", me.Status, me.Body)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
