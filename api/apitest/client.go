package apitest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fleetledger/fleetledger/api/client"
)

// Address is where the requests of a Client come from.
const Address = "192.0.2.1:1234"

// Client calls a service with a token; without one, as nobody.
func (s *Service) Client(token string, options ...client.ClientOption) *client.Client {
	s.t.Helper()
	return NewClient(s.t, s.Handler, token, options...)
}

// NewClient calls a handler of the API and compares what it answers with the
// description.
func NewClient(t testing.TB, h http.Handler, token string, options ...client.ClientOption) *client.Client {
	t.Helper()
	c, err := client.New("http://service.test", token, append([]client.ClientOption{client.WithHTTPClient(describing{t, h})}, options...)...)
	must(t, err)
	return c
}

// describing hands requests to a handler.
type describing struct {
	t       testing.TB
	handler http.Handler
}

// Do has the handler answer a request.
func (d describing) Do(r *http.Request) (*http.Response, error) {
	r.RemoteAddr, r.RequestURI = Address, r.URL.RequestURI()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r.Clone(r.Context()))
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	Described(d.t, r.Method, r.URL.Path, answer.StatusCode, answer.Header, body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
