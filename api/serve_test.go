package api_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/command"
)

// When the service is told to stop, a request that is under way is answered,
// and new connections are refused.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	f := &fake{created: command.Receipt{UID: customer, Position: at9}}
	f.duringCall = func() { close(inside); <-leave }
	server, err := api.NewServer(options(f))
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()

	address := "http://" + listener.Addr().String()
	status := make(chan int, 1)
	go func() {
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, address+"/v1/customers", strings.NewReader(newCustomer))
		r.Header.Set("Authorization", "Bearer "+resellerToken)
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	<-inside
	stop()
	for { // until the listener is closed
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("did not wait: %v", err)
	default:
	}
	close(leave)
	if got := <-status; got != http.StatusCreated {
		t.Errorf("status %d", got)
	}
	must(t, <-served)
}
