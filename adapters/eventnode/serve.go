package eventnode

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // some clients compress what they send
	"google.golang.org/grpc/keepalive"
)

// maxMessageSize is above every append that is allowed and most that are not, so
// that these get the proper error.
const maxMessageSize = 32 << 20

// minPingInterval is how often a client may ping. Ours does so every 10 s, also
// when idle, others more often. The real server has no limit; this one cuts off
// what can only be a mistake.
const minPingInterval = time.Second

// streamWorkers are kept for calls, with the stacks that they have grown. Calls beyond
// them, such as those that follow the log, get goroutines of their own.
const streamWorkers = 32

func newGRPCServer(starved func() bool) *grpc.Server {
	return grpc.NewServer(
		grpc.StreamInterceptor(func(server any, call grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			return tellStarved(starved, handle(server, call))
		}),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.ForceServerCodecV2(newFrameCodec()),
		grpc.MaxRecvMsgSize(maxMessageSize),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPingInterval, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
	)
}

// serve starts the writer and the servers; what ends them closes done.
func (n *Node) serve(w *writer) {
	n.server = newGRPCServer(n.opts.DiskFull)
	streams.RegisterStreamsServer(n.server, &streamsServer{node: n})
	serverfeatures.RegisterServerFeaturesServer(n.server, featuresServer{})
	gossip.RegisterGossipServer(n.server, &gossipServer{instance: uuid.New(), addr: n.netAddr()})
	n.http1 = newHTTP1Server(n.log)

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-n.stopping
		cancel()
	}()
	go func() {
		err := w.run(ctx)
		w.session.close()
		close(n.drained)
		if err != nil {
			n.log.Error("event node stops", "error", err)
			n.shutdown(err)
		}
	}()
	if n.unix != nil {
		go n.serveGRPC(n.unix)
	}
	if n.tcp != nil {
		byProtocol := split(n.tcp)
		go n.serveGRPC(byProtocol.http2)
		go n.serveHTTP1(byProtocol.http1)
	}
}

func (n *Node) serveGRPC(l net.Listener) {
	if err := n.server.Serve(l); err != nil {
		n.shutdown(fmt.Errorf("serve %s: %w", l.Addr(), err))
	}
}

func (n *Node) serveHTTP1(l net.Listener) {
	if err := n.http1.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		n.log.Error("event node no longer answers health checks over HTTP/1.1", "error", err)
	}
}
