package eventnode

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
)

// protocolVersion is the version of the real server whose behaviour is copied.
// Clients choose features by it; it must be three numbers.
const protocolVersion = "24.10.0"

// featuresServer tells clients what the node can do. What is missing here they
// refuse themselves, with an error that says so.
type featuresServer struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

func (featuresServer) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const streamsService = "event_store.client.streams.streams"
	method := func(service, name string, features ...string) *serverfeatures.SupportedMethod {
		return &serverfeatures.SupportedMethod{ServiceName: service, MethodName: name, Features: features}
	}
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: protocolVersion,
		Methods: []*serverfeatures.SupportedMethod{
			method(streamsService, "read", "position", "events"),
			method(streamsService, "append"),
			method(streamsService, "delete"),
			method(streamsService, "tombstone"),
			method(streamsService, "batchappend", "deadline_duration"),
			method("event_store.client.gossip.gossip", "read"),
			method("event_store.client.server_features.serverfeatures", "getsupportedmethods"),
		},
	}, nil
}

// gossipServer presents the node as a cluster of one, whose leader it is.
type gossipServer struct {
	gossip.UnimplementedGossipServer
	instance uuid.UUID
	addr     net.Addr
}

func (s *gossipServer) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	endpoint := &gossip.EndPoint{Address: s.addr.String()}
	if host, port, err := net.SplitHostPort(s.addr.String()); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			endpoint = &gossip.EndPoint{Address: host, Port: uint32(n)}
		}
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   uuidMessage(s.instance),
		TimeStamp:    ticks(time.Now()),
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: endpoint,
	}}}, nil
}
