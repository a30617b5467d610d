package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Client calls the service as the bearer of one token. It is safe for use by
// several goroutines.
type Client struct {
	// Raw gives answers as they come over HTTP, to be streamed and closed by
	// whoever calls it. Its answers of 400 and above are errors, too.
	Raw *RawClient

	mu       sync.Mutex
	position string // of the last write
}

// New makes a client of the service at baseURL, such as https://fleet.example.
// Without a token it can only call what needs none, such as SignIn.
func New(baseURL, token string, options ...ClientOption) (*Client, error) {
	raw, err := NewClient(baseURL, options...)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	c := &Client{Raw: raw}
	raw.Client = &doer{client: c, next: raw.Client, token: token}
	return c, nil
}

// WithAccount makes all calls act for an account, as the header X-Account does.
func WithAccount(uid string) ClientOption {
	return WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("X-Account", uid)
		return nil
	})
}

// Position is where the last write of this client stands in the log; empty
// before there was one.
func (c *Client) Position() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position
}

// After makes later reads wait for a position, such as that of another client's
// write.
func (c *Client) After(position string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.position = position
}

func (c *Client) lastWrite() *string {
	if p := c.Position(); p != "" {
		return &p
	}
	return nil
}

// doer sends requests with the token, notes the positions of writes, and makes
// errors of problems.
type doer struct {
	client *Client
	next   HttpRequestDoer
	token  string
}

// Do sends one request.
func (d *doer) Do(r *http.Request) (*http.Response, error) {
	if d.token != "" {
		r.Header.Set("Authorization", "Bearer "+d.token)
	}
	answer, err := d.next.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		problem, err := readProblem(answer)
		if problem.Code == "log_restored" {
			d.client.After("") // what it wrote is gone, and not waited for again
		}
		return nil, errors.Join(err, problem)
	}
	if position := answer.Header.Get("X-Position"); position != "" && r.Method != http.MethodGet {
		d.client.After(position)
	}
	return answer, nil
}

// Response is what all answers have in common.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

func readResponse(from *http.Response) (Response, error) {
	body, err := io.ReadAll(from.Body)
	if err = errors.Join(err, from.Body.Close()); err != nil {
		return Response{}, fmt.Errorf("client: read answer: %w", err)
	}
	return Response{Status: from.StatusCode, Header: from.Header, Body: body}, nil
}

func (r Response) isJSON(status int) bool {
	return r.Status == status && strings.Contains(r.Header.Get("Content-Type"), "json")
}
