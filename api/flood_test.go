package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// floodMemory is what a flood of bodies may take: room for 64 MiB of one tenant and some
// of others, one of its bodies being checked, and what the collector lets grow.
const floodMemory = 400 << 20

// A flood of hundreds of connections with large, endless and slow bodies, of nobody and of
// one tenant, takes no more memory than there is room for, and others are answered
// meanwhile. It is not parallel, as it measures the process.
func TestFloodOfBodies(t *testing.T) { //nolint:paralleltest // see above
	long(t)
	o := options(&fake{})
	callers := tokens{"quiet": {Actor: domain.Actor{Kind: domain.ActorToken, ID: "token-2", Account: customer}, Administrator: true, Rights: rights.Administrator()}}
	for token, caller := range signedIn {
		callers[token] = caller
	}
	o.Authenticator = callers
	address := served(t, o)

	large := manyDevices(15 << 20)
	flood := []flooder{
		{20, "", "/v1/sessions", 16 << 20, whole(large)},
		{20, "", "/v1/sessions", -1, endless},
		{40, "", "/v1/sessions", 60 << 10, slow},
		{20, "", "/v1/device-registrations", 16 << 20, whole(large)},
		{20, "", "/sign-in", -1, endless},
		{60, resellerToken, "/v1/device-registrations", int64(len(large)), whole(large)},
		{20, resellerToken, "/v1/device-registrations", -1, endless},
		{60, resellerToken, "/v1/device-registrations", 16 << 20, slow},
	}
	before, peak := inUse(), watchMemory(t)
	ctx, stop := context.WithCancel(t.Context())
	var flooding sync.WaitGroup
	for _, f := range flood {
		for range f.connections {
			flooding.Go(func() { f.flood(ctx, address) })
		}
	}
	var slowest time.Duration
	for range 12 {
		began := time.Now()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/v1/catalogue", http.NoBody)
		must(t, err)
		r.Header.Set("Authorization", "Bearer quiet")
		response, err := http.DefaultClient.Do(r)
		must(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("status %d", response.StatusCode)
		}
		slowest = max(slowest, time.Since(began))
		<-time.After(100 * time.Millisecond) // the flood goes on for a while
	}
	stop()
	flooding.Wait()
	grown := peak() - before
	t.Logf("memory grew by %d MiB; the slowest answer to another tenant took %s", grown>>20, slowest)
	if grown > floodMemory {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}

// flooder are connections that send bodies again and again.
type flooder struct {
	connections  int
	token, path  string
	announced    int64 // negative: chunked
	sendsContent func(context.Context, io.Writer)
}

func (f flooder) flood(ctx context.Context, address string) {
	for ctx.Err() == nil {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		length := fmt.Sprintf("Content-Length: %d\r\n", f.announced)
		var body io.Writer = c
		if f.announced < 0 {
			length, body = "Transfer-Encoding: chunked\r\n", chunks{c}
		}
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\n", f.path, address, f.token, length)
		go f.sendsContent(ctx, body)
		_, _ = io.Copy(io.Discard, io.LimitReader(bufio.NewReader(c), 12)) // the status
		stop()
		_ = c.Close()
	}
}

type chunks struct{ to io.Writer }

func (c chunks) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(c.to, "%x\r\n", len(p)); err != nil {
		return 0, err
	}
	n, err := c.to.Write(p)
	if err == nil {
		_, err = io.WriteString(c.to, "\r\n")
	}
	return n, err
}

func whole(body []byte) func(context.Context, io.Writer) {
	return func(_ context.Context, to io.Writer) { _, _ = to.Write(body) }
}

var spaces = []byte(strings.Repeat(" ", 32<<10))

func endless(_ context.Context, to io.Writer) {
	for {
		if _, err := to.Write(spaces); err != nil {
			return
		}
	}
}

func slow(ctx context.Context, to io.Writer) {
	for ctx.Err() == nil {
		if _, err := to.Write(spaces[:100]); err != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// manyDevices is a registration of about so many bytes.
func manyDevices(size int) []byte {
	var items strings.Builder
	for n := 0; items.Len() < size; n++ {
		item, _ := json.Marshal(newDevice(n, customer))
		items.WriteString(strings.Repeat(",", min(n, 1)) + string(item))
	}
	return []byte(`{"items":[` + items.String() + `]}`)
}

// served is the address of a server that runs until the test ends.
func served(t *testing.T, o api.Options) string {
	t.Helper()
	server, err := api.NewServer(o)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) { // on a slow machine the last bodies are still being checked
			must(t, err)
		}
	})
	return listener.Addr().String()
}

// inUse is the memory that the process holds of the system.
func inUse() uint64 {
	runtime.GC()
	return heldNow()
}

func heldNow() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// watchMemory looks at the memory until its peak is asked for.
func watchMemory(t *testing.T) (peak func() uint64) {
	ctx, stop := context.WithCancel(t.Context())
	found := make(chan uint64)
	go func() {
		var most uint64
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				found <- most
				return
			case <-tick.C:
				most = max(most, heldNow())
			}
		}
	}()
	return func() uint64 { stop(); return <-found }
}
