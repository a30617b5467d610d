package api

import (
	"context"
	"sync"
	"time"

	"github.com/fleetledger/fleetledger/app/access"
)

// sharedCaller is whom the calls of one page are made by, once the first of them has
// asked.
type sharedCaller struct {
	mu     sync.Mutex
	token  string // empty: nobody has asked
	caller access.Caller
}

type sharedCallerKey struct{}

// SharingCaller makes the calls of one request for a page look up their caller once and
// not each. It is for pages that read: a call that writes looks its caller up itself.
// What the caller may do is checked by each call, as always.
func SharingCaller(ctx context.Context) context.Context {
	return context.WithValue(ctx, sharedCallerKey{}, &sharedCaller{})
}

// callerOf finds the caller of a token.
func (s *Server) callerOf(ctx context.Context, op *operation, token string) (access.Caller, error) {
	shared, _ := ctx.Value(sharedCallerKey{}).(*sharedCaller)
	if shared == nil || op.write {
		return s.Authenticator.Authenticate(ctx, token)
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.token == token {
		return shared.caller, nil
	}
	caller, err := s.Authenticator.Authenticate(ctx, token)
	if err == nil {
		shared.knows(token, caller, s.Clock.Now())
	}
	return caller, err
}

// knows keeps a caller, whose use the call that found it notes.
func (c *sharedCaller) knows(token string, caller access.Caller, now time.Time) {
	c.token, c.caller = token, caller
	c.caller.UsedAt = now
}
