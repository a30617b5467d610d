package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
)

// bulk are the operations that take many devices, and so large bodies.
var bulk = map[string]bool{
	"registerDevices": true, "transferDevices": true, "changeDevices": true, "acknowledgeNotice": true, "renewDevices": true,
	"previewRenewals": true, "applyRenewal": true, "declineRenewal": true, "withdrawRenewal": true, "reverseRenewal": true,
}

// Each operation takes a body of its limit and no larger one, announced or not, before
// anything is asked of the application. Without a limit in the description it is 64 KiB;
// whoever needs no token has no more.
func TestEveryBodyHasALimit(t *testing.T) {
	t.Parallel()
	long(t)
	c := newClient(t, options(&fake{}))
	doc, err := apitest.Description()
	must(t, err)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			limit := 64 << 10
			if kib, ok := op.Extensions["x-body-limit-kib"].(float64); ok {
				limit = int(kib) << 10
			}
			public := op.Security != nil && len(*op.Security) == 0
			if public && limit > 64<<10 || limit > 1<<20 && !bulk[op.OperationID] {
				t.Errorf("%s takes %d bytes", op.OperationID, limit)
			}
			if most := longest(op.RequestBody.Value.Content["application/json"].Schema.Value); !bulk[op.OperationID] && most > limit {
				t.Errorf("%s takes %d bytes, and its longest body has %d", op.OperationID, limit, most)
			}
			at := strings.NewReplacer("{uid}", customer.String(), "{id}", customer.String()).Replace(path)
			c.send(method, at, strings.Repeat(" ", limit+1)).refusedWith(http.StatusRequestEntityTooLarge, "body_too_large")
			if got := c.raw(method, at, strings.Repeat(" ", limit)); got.Code == http.StatusRequestEntityTooLarge {
				t.Errorf("%s takes less than its limit", op.OperationID)
			}
		}
	}
}

// longest is how long a body can be that the schema allows, in ASCII.
func longest(s *openapi3.Schema) int {
	switch {
	case len(s.Enum) > 0 || s.Format == "uuid" || s.Format == "date-time":
		return 50
	case s.Type.Is(openapi3.TypeString):
		if s.MaxLength == nil {
			return 100
		}
		return int(*s.MaxLength) + 3
	case s.Type.Is(openapi3.TypeArray):
		if s.MaxItems == nil {
			return 0
		}
		return 2 + int(*s.MaxItems)*longest(s.Items.Value)
	}
	size := 20
	for name, property := range s.Properties {
		size += len(name) + 4 + longest(property.Value)
	}
	return size
}

// A client by a bad line goes on for minutes; one that stops or trickles is cut.
func TestPaceOfBodies(t *testing.T) {
	t.Parallel()
	body := `{"email":"a@b.example","password":"` + strings.Repeat("x", 900) + `"}`
	for name, c := range map[string]struct {
		path         string
		length       int // announced
		piece, pause int // bytes, and seconds after each
		status       int
	}{
		"steady":   {"/v1/device-registrations", 1 << 20, 60 << 10, 10, http.StatusBadRequest}, // it is no JSON
		"stops":    {"/v1/sessions", len(body) + 10, len(body), 100, http.StatusRequestTimeout},
		"trickles": {"/v1/sessions", 60 << 10, 100, 1, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, err := api.NewServer(options(&fake{}))
				must(t, err)
				listener := &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})}
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- server.Serve(ctx, listener) }()
				client, far := net.Pipe()
				listener.waiting <- far
				written := make(chan struct{})
				go func() {
					defer close(written)
					fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", c.path, resellerToken, c.length)
					for sent := 0; sent < c.length; sent += c.piece {
						if _, err := io.WriteString(client, strings.Repeat("x", min(c.piece, c.length-sent))); err != nil {
							return
						}
						<-time.After(time.Duration(c.pause) * time.Second)
					}
				}()
				answer, err := io.ReadAll(client)
				must(t, err)
				if want := fmt.Sprintf("HTTP/1.1 %d ", c.status); !strings.HasPrefix(string(answer), want) {
					t.Errorf("answered %.300s, want %s", answer, want)
				}
				_ = client.Close()
				<-written
				stop()
				must(t, <-done)
			})
		})
	}
}

// pipes is a listener whose connections are made by the test.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// One address has no more connections than its share, and when one ends there is room
// again; a trusted proxy has as many as there are.
func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits   api.ConnectionLimits
		admitted int
	}{
		"one address": {api.ConnectionLimits{All: 10, PerAddress: 3}, 3},
		"all":         {api.ConnectionLimits{All: 4, PerAddress: 5}, 4},
		"proxy":       {api.ConnectionLimits{All: 10, PerAddress: 3, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			listener := c.limits.Limited(plain)
			accepted := make(chan net.Conn, 10)
			go func() {
				defer close(accepted)
				for {
					one, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = one.Write([]byte("x"))
					accepted <- one
				}
			}()
			dial := func() bool {
				one, err := net.Dial("tcp", plain.Addr().String())
				if errors.Is(err, syscall.ECONNRESET) { // refused before the dialling had ended
					return false
				}
				must(t, err)
				t.Cleanup(func() { _ = one.Close() })
				n, _ := one.Read(make([]byte, 1))
				return n == 1
			}
			admitted := 0
			for range 6 {
				if dial() {
					admitted++
				}
			}
			if admitted != c.admitted {
				t.Errorf("admitted %d, want %d", admitted, c.admitted)
			}
			must(t, (<-accepted).Close())
			if !dial() {
				t.Error("no room after one has ended")
			}
			must(t, listener.Close())
			for one := range accepted {
				_ = one.Close()
			}
		})
	}
}
