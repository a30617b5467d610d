package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// supervised is the private PostgreSQL, started again when it ends by itself
// (killed for want of memory, say). Everyone above treats the time between as
// any other outage of the database.
type supervised struct {
	url     string
	cancel  context.CancelFunc
	ended   chan error
	starved atomic.Bool // it ended, or does not start, for want of room on the disk
}

// restartPause keeps a server that cannot stay up from being started in a
// tight loop; after restartTries in a row the service gives up, except for want of
// room on the disk: that is waited for.
const (
	restartPause = time.Second
	restartTries = 10
	tellEvery    = time.Minute
	stopPatience = 4 * time.Second // of the 10 s a stop may take
)

func superviseServer(ctx context.Context, o private.Options, failed chan<- error) (*supervised, error) {
	server, err := private.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &supervised{url: server.URL(), cancel: cancel, ended: make(chan error, 1)}
	go s.watch(running, server, o, failed)
	return s, nil
}

func (s *supervised) watch(ctx context.Context, server *private.Server, o private.Options, failed chan<- error) {
	for {
		select {
		case <-ctx.Done():
			patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
			s.ended <- server.Stop(patience)
			cancel()
			return
		case <-server.Done():
		}
		s.starved.Store(errors.Is(server.Err(), private.ErrDiskFull))
		o.Logger.Error("the private PostgreSQL ended, starting it again", slog.Any("error", server.Err()))
		_ = server.Stop(ctx) // tidies up what is left of it
		next, err := s.restart(ctx, o)
		if err != nil {
			s.ended <- nil
			if ctx.Err() == nil {
				failed <- err
			}
			return
		}
		server = next
		s.starved.Store(false)
	}
}

func (s *supervised) restart(ctx context.Context, o private.Options) (*private.Server, error) {
	var err error
	var told time.Time // when the full disk was last told of
	for tries := 0; tries < restartTries; tries++ {
		var server *private.Server
		if server, err = private.Start(ctx, o); err == nil {
			if server.URL() == s.url {
				return server, nil
			}
			return nil, errors.Join(errors.New("the private PostgreSQL came back under another address"), server.Stop(ctx))
		}
		if s.starved.Store(errors.Is(err, private.ErrDiskFull)); s.starved.Load() {
			if time.Since(told) > tellEvery {
				o.Logger.Error("the disk is full: the private PostgreSQL starts when there is room", slog.Any("error", err))
				told = time.Now()
			}
			tries = -1
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(restartPause):
		}
	}
	return nil, fmt.Errorf("the private PostgreSQL does not start again: %w", err)
}

// stop ends the supervision and the server.
func (s *supervised) stop(context.Context) error {
	s.cancel()
	return <-s.ended
}
