package webhooks

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reason is read by whoever chose the address. It has what is wrong in it, and not
// where this service is.
func TestReasonsTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	from := &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 40000}
	op := func(err error) error {
		return fmt.Errorf("round trip: %w", &net.OpError{Op: "read", Net: "tcp", Source: from, Addr: from, Err: err})
	}
	require.Equal(t, "connection reset by peer", innermost(op(syscall.ECONNRESET)))
	require.Equal(t, "something odd", innermost(op(errors.New("something odd"))))
	require.Equal(t, "a\uFFFD[31mb", innermost(errors.New("a\x1b[31mb")))
	require.Len(t, innermost(errors.New(strings.Repeat("x", 10_000))), maxReason)
}
