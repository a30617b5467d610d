package client

import (
	"bytes"
	"io"
	"net/http"
)

// WithHandler sends requests to a handler in the same process, without a network.
func WithHandler(h http.Handler) ClientOption {
	return WithHTTPClient(handlerDoer{h})
}

type handlerDoer struct{ handler http.Handler }

// Do has the handler answer one request.
func (d handlerDoer) Do(r *http.Request) (*http.Response, error) {
	received := r.Clone(r.Context())
	received.RequestURI = r.URL.RequestURI()
	if received.Body == nil {
		received.Body = http.NoBody
	}
	w := &recorder{header: http.Header{}}
	d.handler.ServeHTTP(w, received)
	w.WriteHeader(http.StatusOK) // where the handler wrote nothing
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Header: w.sent,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
