package private_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/private"
)

// freeAddress is one that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := private.FreeListen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return address
}

// Over TCP come the members of one role with their password, to one database,
// and nobody else: not the owner of everything, whom the socket trusts.
func TestListensForOneRole(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	options := private.Options{DataDir: t.TempDir(), Logger: quiet, Listen: address, ListenRole: "guests"}
	server, err := private.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	found, err := private.ConnString(options.DataDir)
	require.NoError(t, err)
	require.Equal(t, server.URL(), found)
	conn := connect(t, found)
	_, err = conn.Exec(t.Context(), `CREATE ROLE guests; CREATE ROLE ann LOGIN PASSWORD 'sesame' IN ROLE guests; CREATE ROLE bob LOGIN PASSWORD 'sesame';
		ALTER ROLE fleetledger PASSWORD 'sesame'`)
	require.NoError(t, err)

	enter := func(name, password, database string) error {
		target := url.URL{Scheme: "postgres", User: url.UserPassword(name, password), Host: address, Path: database}
		c, err := pgx.Connect(t.Context(), target.String())
		if err == nil {
			_ = c.Close(t.Context())
		}
		return err
	}
	require.NoError(t, enter("ann", "sesame", private.Database))
	for _, refused := range [][3]string{
		{"ann", "wrong", private.Database}, {"ann", "", private.Database}, {"ann", "sesame", "postgres"},
		{"bob", "sesame", private.Database}, {"fleetledger", "sesame", private.Database}, {"guests", "", private.Database},
	} {
		require.Error(t, enter(refused[0], refused[1], refused[2]), fmt.Sprint(refused))
	}

	// The next start without the address listens on the socket only.
	require.NoError(t, server.Stop(t.Context()))
	again := start(t, options.DataDir)
	require.NotEqual(t, found, again.URL(), "the port is part of the socket's name")
	require.Empty(t, show(t, connect(t, again.URL()), "listen_addresses"))
	require.Error(t, enter("ann", "sesame", private.Database))
}

// Port 0 is for FreeListen, which finds one; one that is taken is refused.
func TestFreeListen(t *testing.T) {
	t.Parallel()
	address, err := private.FreeListen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	_, err = private.FreeListen(t.Context(), address)
	require.ErrorContains(t, err, "address already in use")
	require.NoError(t, taken.Close())
	again, err := private.FreeListen(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, address, again)
	_, err = private.Start(t.Context(), private.Options{DataDir: t.TempDir(), Logger: quiet, Listen: "127.0.0.1:0"})
	require.ErrorIs(t, err, private.ErrNoPort)
}

func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:5433", "10.0.0.1:5433", "[::]:5433", "127.0.0.1", "127.0.0.1:99999", "example.org:5433", ":5433"} {
		require.ErrorIs(t, private.CheckListen(address), private.ErrNotLoopback, address)
		_, err := private.Start(t.Context(), private.Options{DataDir: t.TempDir(), Logger: quiet, Listen: address})
		require.ErrorIs(t, err, private.ErrNotLoopback, address)
	}
	require.NoError(t, private.CheckListen("127.0.0.1:5433"))
	require.NoError(t, private.CheckListen("[::1]:5433"))
	_, err := private.FreeListen(t.Context(), "0.0.0.0:0")
	require.ErrorIs(t, err, private.ErrNotLoopback)
}
