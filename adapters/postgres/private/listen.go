package private

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// ErrNotLoopback says that an address is not one that the server may listen on.
var ErrNotLoopback = errors.New("must be a loopback address with a port, such as 127.0.0.1:5433: the server has no TLS")

// ErrNoPort says that an address for Options.Listen has port 0; FreeListen finds
// another.
var ErrNoPort = errors.New("must have a port")

// CheckListen tells whether address may be given to FreeListen, and so to
// Options.Listen.
func CheckListen(address string) error {
	_, _, err := splitLoopback(address)
	return err
}

// FreeListen is an address for Options.Listen that nothing listens on: the one
// asked for, or for its port 0 one with a port that was free a moment ago. Taken
// addresses are told here in fewer words than PostgreSQL's.
func FreeListen(ctx context.Context, address string) (string, error) {
	if err := CheckListen(address); err != nil {
		return "", err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func splitLoopback(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, ErrNotLoopback
	}
	number, err := strconv.ParseUint(text, 10, 16)
	ip, hostErr := netip.ParseAddr(host)
	if err != nil || hostErr != nil || !ip.IsLoopback() {
		return "", 0, ErrNotLoopback
	}
	return host, int(number), nil
}

// listening is where the server is to be reached.
type listening struct {
	port     int // also of the socket's name
	settings map[string]string
}

// hbaFile says who may connect, in place of the cluster's own pg_hba.conf, which
// trusts everybody on loopback.
const hbaFile = "fleetledger_hba.conf"

// listen prepares the server to be reached over TCP, if that is asked for.
func listen(opts Options, pgDir string, id identity) (listening, error) {
	if opts.Listen == "" {
		return listening{port: defaultPort}, nil
	}
	host, port, err := splitLoopback(opts.Listen)
	if err != nil {
		return listening{}, err
	}
	if port == 0 { // the socket's name and a restart need one that stays
		return listening{}, ErrNoPort
	}
	rules := "# Written at every start.\nlocal all all trust\n"
	for _, network := range []string{"127.0.0.0/8", "::1/128"} {
		rules += fmt.Sprintf("host %s +%s %s scram-sha-256\n", Database, pgx.Identifier{opts.ListenRole}.Sanitize(), network)
	}
	path := filepath.Join(pgDir, hbaFile)
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		return listening{}, fmt.Errorf("write who may connect: %w", err)
	}
	return listening{port: port, settings: map[string]string{"listen_addresses": host, "hba_file": path}}, id.own(path)
}
