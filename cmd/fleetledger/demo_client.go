package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
)

// client sends requests to the service's own API, as any other client would,
// without a network between.
type client struct {
	server http.Handler
	token  string
	run    string // makes idempotency keys of one purpose alike on every run
	calls  int

	position string // of the last write
}

// send carries out one request and reads the answer into out. An answer of 400
// or above is an error, with the problem's text.
func (c *client) send(ctx context.Context, method, path string, body, out any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(payload))
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	} else {
		request.Body = http.NoBody
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if method != http.MethodGet && c.run != "" {
		c.calls++
		request.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", c.run, c.calls))
	}
	answer := httptest.NewRecorder()
	c.server.ServeHTTP(answer, request)
	if position := answer.Header().Get("X-Position"); position != "" && method != http.MethodGet {
		c.position = position
	}
	if answer.Code >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %d: %s", method, path, answer.Code, answer.Body)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Body.Bytes(), out)
}
