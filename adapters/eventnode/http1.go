package eventnode

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// healthPath is where the real server says whether it lives.
	healthPath = "/health/live"

	// plainAnswer is for a browser, and for whoever takes the node for something else.
	plainAnswer = "This is Fleetledger's embedded event node. It speaks the EventStoreDB protocol, gRPC over HTTP/2; " +
		"over HTTP/1.1 it answers " + healthPath + " only.\n"

	// http2Start is how a connection begins that will speak HTTP/2; no method of
	// HTTP/1.1 begins so.
	http2Start = "PRI "

	// firstBytesTimeout bounds the wait for a new connection's first bytes, and for
	// each request of HTTP/1.1.
	firstBytesTimeout = 10 * time.Second
)

// newHTTP1Server answers what is not gRPC: health checks, and people with a browser.
func newHTTP1Server(log *slog.Logger) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, plainAnswer)
	})
	return &http.Server{
		Handler: mux, ReadTimeout: firstBytesTimeout, WriteTimeout: firstBytesTimeout, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// splitListener tells the connections of one address apart by their first bytes:
// http2 gives those that speak HTTP/2, http1 all others. gRPC cannot be asked to
// do so: it sends its settings before it has read anything.
type splitListener struct {
	net.Listener
	http2, http1 *connQueue
	closed       context.Context
	close        context.CancelFunc
}

// split takes the listener over.
func split(l net.Listener) *splitListener {
	s := &splitListener{Listener: l}
	s.closed, s.close = context.WithCancel(context.Background())
	s.http2 = &connQueue{splitListener: s, accepted: make(chan acceptedConn)}
	s.http1 = &connQueue{splitListener: s, accepted: make(chan acceptedConn)}
	go s.acceptAll()
	return s
}

// acceptAll accepts until the listener is closed. Failures go to gRPC's server, which
// takes the next one after a pause only.
func (s *splitListener) acceptAll() {
	for s.closed.Err() == nil {
		conn, err := s.Accept()
		if err != nil {
			s.http2.put(acceptedConn{err: err})
			continue
		}
		go s.route(conn)
	}
}

// route hands the connection to the server that speaks its protocol. One that says
// nothing is closed.
func (s *splitListener) route(conn net.Conn) {
	stop := context.AfterFunc(s.closed, func() { _ = conn.Close() })
	defer stop()
	first := bufio.NewReaderSize(conn, 16) // small: once it is empty, reads go past it
	_ = conn.SetReadDeadline(time.Now().Add(firstBytesTimeout))
	start, err := first.Peek(len(http2Start))
	if err != nil && len(start) == 0 {
		_ = conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	queue := s.http1
	if string(start) == http2Start {
		queue = s.http2
	}
	queue.put(acceptedConn{conn: &peekedConn{Conn: conn, reader: first}})
}

// connQueue is the listener of one of the two protocols. Closing it closes both.
type connQueue struct {
	*splitListener
	accepted chan acceptedConn
}

type acceptedConn struct {
	conn net.Conn
	err  error
}

func (q *connQueue) put(a acceptedConn) {
	select {
	case q.accepted <- a:
	case <-q.closed.Done():
		if a.conn != nil {
			_ = a.conn.Close()
		}
	}
}

// Accept waits for a connection of the protocol.
func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case a := <-q.accepted:
		return a.conn, a.err
	case <-q.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close ends both protocols and frees the address.
func (q *connQueue) Close() error {
	q.close()
	return q.Listener.Close()
}

// peekedConn is a connection whose first bytes were read ahead.
type peekedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
