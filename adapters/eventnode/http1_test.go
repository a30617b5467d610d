package eventnode_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// The TCP address answers a health check like the real server, and whoever came
// to it by mistake in words.
func TestHTTP1(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t, eventnodetest.TCP())
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/health/live": {http.StatusNoContent, ""},
		"/":            {http.StatusNotFound, "This is Fleetledger's embedded event node."},
		"/streams/s":   {http.StatusNotFound, "gRPC over HTTP/2"},
	} {
		status, text := get(t, "http://"+node.Addr()+path)
		if status != want.status || !strings.Contains(text, want.says) || (want.says == "") != (text == "") {
			t.Errorf("%s: %d %q", path, status, text)
		}
	}
}

func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// The two protocols share the address: neither a health check nor a connection
// that says nothing is in a client's way, nor in that of the node's end.
func TestProtocolsShareTheAddress(t *testing.T) {
	t.Parallel()
	r := eventnodetest.NewRestartable(t, eventnodetest.TCP())
	node := r.Start()
	silent, err := new(net.Dialer).DialContext(t.Context(), "tcp", node.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	config, err := esdb.ParseConnectionString(node.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	mustAppend(t, client, "s", esdb.NoStream{}, events("e", 50)...)
	if status, _ := get(t, "http://"+node.Addr()+"/health/live"); status != http.StatusNoContent {
		t.Fatalf("status %d", status)
	}
	if got := readStream(t, client, "s", esdb.ReadStreamOptions{}); len(got) != 50 {
		t.Fatalf("%d events", len(got))
	}

	address := node.Addr()
	r.Stop()
	_ = silent.SetReadDeadline(time.Now().Add(5 * time.Second)) // less than the node's own patience
	if _, err := silent.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the silent connection is still open: %v", err)
	}
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
		_ = conn.Close()
		t.Fatal("the address is still open")
	}
}

// What is neither HTTP/2 nor HTTP/1.1, such as a client that insists on TLS, is
// told so in a form that it can make something of, and cut off.
func TestTLSIsRefusedInWords(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t, eventnodetest.TCP())
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", node.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("\x16\x03\x01\x00\x05hello\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Fatalf("%q, %v", answer, err)
	}
}

// Some clients compress what they send. The request is made by hand: gRPC's own
// client would bring the decompressor into this process.
func TestCompressedRequest(t *testing.T) {
	t.Parallel()
	node := eventnodetest.Start(t)
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if err := w.Close(); err != nil { // the request is an empty message
		t.Fatal(err)
	}
	frame := binary.BigEndian.AppendUint32([]byte{1}, uint32(compressed.Len()))
	frame = append(frame, compressed.Bytes()...)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://node"+serverfeatures.ServerFeatures_GetSupportedMethods_FullMethodName, bytes.NewReader(frame))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "Grpc-Encoding": {"gzip"}}
	transport := &http.Transport{
		Protocols: new(http.Protocols),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", node.SocketPath())
		},
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	status := res.Trailer.Get("Grpc-Status") + res.Header.Get("Grpc-Status") // a refusal has it in the header
	if status != "0" || !bytes.Contains(plain(t, body), []byte("24.10.0")) {
		t.Fatalf("status %q %s: %q", status, res.Header.Get("Grpc-Message"), body)
	}
}

// plain is the message of a gRPC frame, compressed or not.
func plain(t *testing.T, frame []byte) []byte {
	t.Helper()
	if len(frame) < 5 {
		t.Fatalf("frame %q", frame)
	}
	if frame[0] == 0 {
		return frame[5:]
	}
	r, err := gzip.NewReader(bytes.NewReader(frame[5:]))
	if err != nil {
		t.Fatal(err)
	}
	message, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return message
}
