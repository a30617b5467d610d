package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/fleetledger/fleetledger/api/turns"
)

// How large a body may be is said by the description: x-body-limit-kib of an operation,
// smallBody for all that say nothing.
const (
	smallBody = 64 << 10 // bytes
	maxBody   = 16 << 20 // of any operation
)

// Whatever is larger than smallBody needs room before it is read, and again before it is
// checked, which takes several times its size. Both are shared among tenants, so that
// what bodies take is bounded, and nobody fills it alone.
var (
	readingRoom  = turns.Options{Places: 96 << 20, Alone: 64 << 20, Share: 32 << 20, AtOnce: 20, Together: 5 * time.Second}
	checkingRoom = turns.Options{Places: 32 << 20, Alone: 16 << 20, Share: 16 << 20, Together: 5 * time.Second}
)

// roomTimeout is how long a large body waits to be read. Nothing of it takes memory
// meanwhile.
const roomTimeout = 15 * time.Second

// Room is what Server.Room gives: a large form of a page is a body, too.
type Room func(ctx context.Context, tenant string, size int64) (release func(), err error)

// Room waits until a body of a tenant may be read that takes so many bytes.
func (s *Server) Room(ctx context.Context, tenant string, size int64) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, roomTimeout)
	defer cancel()
	place, err := s.reading.Take(ctx, tenant, size)
	switch {
	case errors.Is(err, turns.ErrTooMany):
		f := fail(codeTooManyAtOnce, "This account is sending as many large bodies as it may at once.")
		return nil, f
	case err != nil:
		return nil, fail(codeTimeout, "There was no room to read the body; others are sending large ones.")
	}
	return place.Leave, nil
}

// readLimited reads a body, whether its length was announced or not. The body keeps its
// room until release.
func (s *Server) readLimited(r *http.Request, op *operation, tenant string) (data []byte, release func(), err error) {
	release = func() {}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, release, nil
	}
	if r.ContentLength > op.bodyLimit {
		return nil, release, tooLarge(op.bodyLimit)
	}
	var body bytes.Buffer
	if r.ContentLength <= smallBody { // announced as small, or not at all
		_, err = body.ReadFrom(io.LimitReader(r.Body, min(smallBody, op.bodyLimit)+1))
		if err != nil || body.Len() <= smallBody {
			return body.Bytes(), release, unreadable(err)
		}
		if op.bodyLimit <= smallBody {
			return nil, release, tooLarge(op.bodyLimit)
		}
	}
	size := r.ContentLength
	if size <= smallBody {
		size = op.bodyLimit
	}
	if release, err = s.Room(r.Context(), tenant, size); err != nil {
		return nil, func() {}, err
	}
	if r.ContentLength > smallBody {
		body.Grow(int(size) + bytes.MinRead)
	}
	if _, err = body.ReadFrom(io.LimitReader(r.Body, op.bodyLimit+1-int64(body.Len()))); err == nil && int64(body.Len()) > op.bodyLimit {
		err = tooLarge(op.bodyLimit)
	}
	return body.Bytes(), release, unreadable(err)
}

func tooLarge(limit int64) *failure {
	text := fmt.Sprintf("%d KiB", limit>>10)
	if limit >= 1<<20 {
		text = fmt.Sprintf("%d MiB", limit>>20)
	}
	f := fail(codeBodyTooLarge, "The body is larger than "+text+", the most that is taken here. Send it in several requests.")
	f.problems[0].Facts = map[string]string{"limitBytes": fmt.Sprint(limit)}
	return f
}

// unreadable says why a body could not be read.
func unreadable(err error) error {
	_, ours := errors.AsType[*failure](err)
	switch {
	case err == nil || ours:
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		f := fail(codeBodyTooSlow, fmt.Sprintf("The body came slower than %d KiB a second, or stopped coming.", slowestBody>>10))
		f.header = http.Header{"Connection": {"close"}}
		return f
	}
	return malformed("", codeBodyUnreadable, "The body broke off.")
}

// The pace of bodies: a client may be slow, from far away or by a bad line, but it has
// to go on, and to get somewhere.
const (
	slowestBody = 4 << 10          // bytes a second, on the whole
	bodyGrace   = 20 * time.Second // that come on top of it
	bodyPause   = 15 * time.Second // between two pieces
	// leftoverTime is for what is read of a body that nobody wants any more.
	leftoverTime = 5 * time.Second
)

// pacedBody ends the reading of a body that comes too slowly. The time until somebody
// begins to read does not count.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	begun   time.Time
	read    int64
	last    time.Time // no reading after it; zero: as the pace says
}

// Read implements io.Reader. What cannot have a deadline, such as a body in memory, is
// read without one.
func (b *pacedBody) Read(p []byte) (int, error) {
	now := time.Now()
	if b.begun.IsZero() {
		b.begun = now
	}
	until := b.begun.Add(bodyGrace + time.Duration(b.read)*time.Second/slowestBody)
	if pause := now.Add(bodyPause); pause.Before(until) {
		until = pause
	}
	if !b.last.IsZero() {
		until = b.last
	}
	_ = b.control.SetReadDeadline(until)
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		// The connection is watched from here on, whether the client is still there: that
		// is no reading that could be late.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// paced has the body of a request read at its pace, and says what to do when the request
// was answered.
func paced(w http.ResponseWriter, r *http.Request) (*http.Request, func()) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, func() {}
	}
	body := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
	out := *r
	out.Body = body
	return &out, body.leave
}

// leave bounds what the server itself reads of the rest.
func (b *pacedBody) leave() {
	_ = b.control.SetReadDeadline(time.Now().Add(leftoverTime))
}

// drain reads what the client of a refused request is still sending, up to a limit:
// many clients read no answer before they have sent everything. A client that asked
// first (Expect) sends nothing. Nothing of it is kept.
func drain(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	if body, ok := r.Body.(*pacedBody); ok {
		body.last = time.Now().Add(leftoverTime)
	}
	_, _ = io.CopyN(io.Discard, r.Body, 2*maxBody)
}
