package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

const (
	// proofPatience is how long a client waits for one answer.
	proofPatience = 4 * time.Second
	// proofPause is before a client tries again what had no answer.
	proofPause = 150 * time.Millisecond
)

// proofClient is one of the clients. Those with keys repeat what had no answer, until
// it has one; others leave it open.
type proofClient struct {
	*proofRun
	n      int
	keys   bool
	random *rand.Rand
	https  []*http.Client // to each instance
}

// asked is a request; with a token other than the operator's where it is not empty.
type asked struct {
	method, path string
	body         any
	token        string
	account      uuid.UUID
	match        string
}

// once sends a request once, to one instance.
func (c *proofClient) once(a asked, key string) (r reply, instance int) {
	instance = c.random.IntN(len(c.https))
	var body io.Reader = http.NoBody
	if a.body != nil {
		text, err := json.Marshal(a.body)
		if err != nil {
			panic(err)
		}
		body = bytes.NewReader(text)
	}
	// A request that was on its way may be on its way once more, by itself, when its
	// connection ends: that there is no other one then does not say that it was not sent.
	wrote := new(atomic.Bool)
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	request, err := http.NewRequestWithContext(ctx, a.method, "http://fleet.example"+a.path, body)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.site.token)
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range map[string]string{"Idempotency-Key": key, "If-Match": a.match} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if a.account != uuid.Nil {
		request.Header.Set("X-Account", a.account.String())
	}
	r.sent, r.unknown, r.call = true, true, c.now()
	answer, err := c.https[instance].Do(request)
	r.back = c.now()
	if err != nil {
		r.sent = wrote.Load() || !errors.Is(err, errNotConnected)
		return r, instance
	}
	defer func() { _ = answer.Body.Close() }()
	r.status, r.header = answer.StatusCode, answer.Header
	if r.text, err = io.ReadAll(answer.Body); err != nil || r.status >= http.StatusInternalServerError {
		r.back = c.now()
		return r, instance
	}
	if err := json.Unmarshal(r.text, &r.replyBody); err != nil {
		panic(fmt.Sprintf("%s %s: %v: %s", a.method, a.path, err, r.text))
	}
	r.unknown = false
	c.noted(r.header.Get("X-Position"))
	r.back = c.now() // whoever begins to read from now on reads at that position
	return r, instance
}

// write carries a request out, as often as the client does so. Until ends the
// repeating: what has no answer then stays unknown.
func (c *proofClient) write(a asked, keys bool) reply {
	key := ""
	if keys {
		key = uuid.NewString()
	}
	var first time.Duration = -1
	disturbed := false
	for {
		r, instance := c.once(a, key)
		if r.sent && first < 0 {
			first = r.call
		}
		if r.sent && !r.unknown && r.status < http.StatusBadRequest {
			c.acknowledged(instance, r.call)
		}
		again := keys && (!r.sent || r.unknown || r.passing())
		disturbed = disturbed || r.sent && r.unknown
		if first >= 0 {
			r.call, r.sent = first, true
		}
		r.disturbed = disturbed
		switch {
		case r.sent && (r.Code == "busy" || r.Code == "idempotency_key_in_use"):
			r.unknown = true // some of it may have happened
		case !again && r.status == http.StatusTooManyRequests:
			r.sent = false
		}
		if !again {
			return r
		}
		if pause(c.until, proofPause) != nil {
			r.unknown, r.disturbed = true, true
			return r
		}
	}
}

// read reads what is at least as new as all that anybody was told of before.
func (c *proofClient) read(path string, values url.Values) (reply, bool) {
	if values == nil {
		values = url.Values{}
	}
	call := c.now()
	values.Set("minPosition", c.latest())
	r, _ := c.once(asked{method: http.MethodGet, path: path + "?" + values.Encode()}, "")
	r.call = call
	return r, r.sent && !r.unknown && !r.passing()
}

// reads is read, as often as it takes.
func (c *proofClient) reads(path string, values url.Values) (reply, bool) {
	for {
		r, ok := c.read(path, values)
		if ok {
			return r, true
		}
		if pause(c.until, proofPause) != nil {
			return r, false
		}
	}
}

// must carries out what a subject begins with; false when the run ends before.
func (c *proofClient) must(a asked) (reply, bool) {
	r := c.write(a, true)
	if r.unknown || !r.sent {
		return r, false
	}
	if r.codes() != "" {
		c.surprise(fmt.Sprintf("%s %s: %s", a.method, a.path, r.text))
		return r, false
	}
	return r, true
}

// does records what becomes of a deed; value is what is done said, told of an answer.
func (c *proofClient) does(h *history, d deed, a asked, value func(reply) (int, int64)) reply {
	r := c.write(a, c.keys)
	if !r.sent {
		_ = pause(c.until, proofPause)
		return r
	}
	c.records(h, d, r, value)
	if r.unknown {
		_ = pause(c.until, proofPause)
	}
	return r
}

func (c *proofClient) records(h *history, d deed, r reply, value func(reply) (int, int64)) {
	e := entry{client: c.n, deed: d, call: r.call, back: r.back, disturbed: r.disturbed || c.faulty(r.call, r.back)}
	switch {
	case r.unknown:
		e.said.unknown = true
	case r.codes() != "":
		e.said.codes = r.codes()
	default:
		e.said.value, e.said.rev = value(r)
	}
	if e.note = strings.TrimSpace(string(r.text)); len(e.note) > 300 {
		e.note = e.note[:300]
	}
	c.tally.counts(e.said, r.back-r.call)
	h.add(e)
}

// nothing is told by an answer but that it was done.
func nothing(reply) (value int, revision int64) { return 0, 0 }

// pause waits, unless the context ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// latest is the position of the latest event that anybody was told of.
func (r *proofRun) latest() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.position
}

func (r *proofRun) noted(position string) {
	p, err := eventlog.ParsePosition(withoutEpoch(position))
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, err := eventlog.ParsePosition(withoutEpoch(r.position)); err != nil || known.Before(p) {
		r.position = position
	}
}
