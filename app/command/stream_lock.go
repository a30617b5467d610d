package command

import (
	"context"
	"sync"
)

// streamLock lets commands that want to change the same stream go one after the
// other, in the order in which they came. It saves work that would be in vain:
// what keeps a stream whole is the expected revision, also against the commands
// of other instances, which have a lock of their own.
type streamLock struct {
	mu      sync.Mutex
	streams map[string]*lockedStream
}

// lockedStream is a stream that somebody has locked or waits for.
type lockedStream struct {
	held  chan struct{} // has room for one: the holder of the lock
	users int           // hold it or wait for it
}

// lock waits for a stream until the context ends. waited: somebody else held it,
// so that what was read of the stream before is most likely old.
func (l *streamLock) lock(ctx context.Context, stream string) (unlock func(), waited bool, err error) {
	s := l.use(stream)
	unlock = func() { <-s.held; l.leave(stream, s) }
	select {
	case s.held <- struct{}{}:
		return unlock, false, nil
	default:
	}
	select {
	case s.held <- struct{}{}:
		return unlock, true, nil
	case <-ctx.Done():
		l.leave(stream, s)
		return nil, true, ctx.Err()
	}
}

func (l *streamLock) use(stream string) *lockedStream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams == nil {
		l.streams = map[string]*lockedStream{}
	}
	s, ok := l.streams[stream]
	if !ok {
		s = &lockedStream{held: make(chan struct{}, 1)}
		l.streams[stream] = s
	}
	s.users++
	return s
}

func (l *streamLock) leave(stream string, s *lockedStream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(l.streams, stream)
	}
}
