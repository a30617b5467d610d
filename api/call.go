package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
)

// call is what the stages of one request hand on to each other.
type call struct {
	requestID   string
	traceparent string
	address     string          // the client's, as attempts to sign in are counted
	operation   *operation      // nil until routed to a described one
	client      context.Context // ends when the client goes; begun without a deadline
	caller      access.Caller
	from        netip.Addr // invalid where the connection has no address
	command     uuid.UUID  // id of the command, should the request be one
	accept      string
	dryRun      bool
	handled     handled
	body        []byte
	mediaType   string
}

// tenant is whom what a request takes is counted for: the caller's account, the
// operator, an auditor by its grant; of a public operation the client's address.
func (c *call) tenant() string {
	if c.caller.Actor.ID == "" {
		return "address/" + c.address
	}
	return Tenant(c.caller.Actor)
}

// Tenant is whom what a caller takes is counted for.
func Tenant(actor domain.Actor) string {
	if actor.Account != uuid.Nil {
		return "account/" + actor.Account.String()
	}
	return string(actor.Kind) + "/" + actor.ID
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf gives the call of a request's context. Every request has one.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// commandOf begins a command: its id, reason and trace, and whether it is only a
// dry run.
func commandOf(ctx context.Context, reason *openapi.ReasonText) command.Command {
	c := callOf(ctx)
	return command.Command{ID: c.command, Reason: valueOf(reason), Traceparent: c.traceparent, DryRun: c.dryRun}
}

var (
	requestIDForm   = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)
	traceparentForm = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
)

// addressFrom is the network that one client can use addresses of: its address,
// or with IPv6 the 64 bits that a household has.
func addressFrom(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	return netip.PrefixFrom(address, 64).Masked().String()
}

// requestIDFrom takes over the client's id when it is short and plain: it goes
// into logs and headers.
func requestIDFrom(header string) string {
	if requestIDForm.MatchString(header) {
		return header
	}
	return uuid.Must(uuid.NewV7()).String() // fails only without a source of randomness
}

// traceparentFrom takes over a valid W3C traceparent, else begins a trace.
func traceparentFrom(header string) string {
	const noTrace, noSpan = "00000000000000000000000000000000", "0000000000000000"
	if traceparentForm.MatchString(header) && !strings.Contains(header, noTrace) && header[36:52] != noSpan {
		return header
	}
	var ids [24]byte
	_, _ = rand.Read(ids[:]) // never fails
	return "00-" + hex.EncodeToString(ids[:16]) + "-" + hex.EncodeToString(ids[16:]) + "-00"
}
