package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/securitylog"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a bearer token for an account and print it, nothing else."`
	List   tokenListCmd   `cmd:"" help:"The bearer tokens of accounts that were not revoked, newest first."`
	Revoke tokenRevokeCmd `cmd:"" help:"Make a bearer token of an account useless."`
}

type tokenCreateCmd struct {
	Account       string `help:"UID of the account." required:"" placeholder:"UID"`
	Administrator bool   `help:"Give every right in the account." xor:"rights" required:""`
	Profile       string `help:"Give the rights of a profile: read-only, renewals, device-manager, full, or one of the account's own by its id or its name." xor:"rights" required:"" placeholder:"NAME"`
	Expires       string `help:"How long the token is valid, such as P90D; default: until it is revoked." placeholder:"TERM"`
	Label         string `help:"What the token is for."`
}

// Run makes the token. Only its hash is kept, so it can be shown this once.
func (t tokenCreateCmd) Run(ctx context.Context, cfg *Config, c console) error {
	token, err := t.token(clock.System{}.Now())
	if err != nil {
		return err
	}
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	if token.Profile, err = t.profile(ctx, s.log, token.Account); err != nil {
		return err
	}
	secret, token, err := keepToken(ctx, s, token)
	if err != nil {
		return err
	}
	if err := noteToken(ctx, s, cfg, ports.SecurityTokenMade, token); err != nil {
		return err // nobody has the secret
	}
	_, err = fmt.Fprintln(c.out, secret)
	return err
}

// keepToken gives a token its id and its secret, and keeps the hash of that.
func keepToken(ctx context.Context, s *stores, token ports.AccountToken) (secret string, _ ports.AccountToken, err error) {
	secret = "flat_" + randomText(32)
	token.ID, token.Hash = uuid.Must(uuid.NewV7()), postgres.HashToken(secret)
	return secret, token, postgres.NewTokens(s.pool).Create(ctx, token)
}

// commandLine is whoever runs commands on the machine.
var commandLine = domain.Actor{Kind: domain.ActorOperator, ID: "command line"}

// noteToken enters in the security log what became of a token of an account.
func noteToken(ctx context.Context, s *stores, cfg *Config, kind ports.SecurityKind, token ports.AccountToken) error {
	log, err := securitylog.New(securitylog.Options{
		Pool: s.pool, Clock: clock.System{}, Logger: quiet(), Metrics: prometheus.NewRegistry(), Keep: cfg.SecurityLogKeep,
	})
	if err != nil {
		return err
	}
	return log.Record(ctx, []ports.SecurityEntry{{
		ID: uuid.New(), Kind: kind, At: clock.System{}.Now(), Account: token.Account, Actor: commandLine, Why: "account " + token.ID.String(),
	}})
}

func (t tokenCreateCmd) token(now time.Time) (ports.AccountToken, error) {
	uid, err := uuid.Parse(t.Account)
	if err != nil {
		return ports.AccountToken{}, fmt.Errorf("--account: %q is not a UID", t.Account)
	}
	token := ports.AccountToken{Account: uid, Administrator: t.Administrator, Label: t.Label, CreatedAt: now}
	if t.Expires == "" {
		return token, nil
	}
	term, err := calendar.ParseTerm(t.Expires)
	if err != nil {
		return ports.AccountToken{}, fmt.Errorf("--expires: %w", err)
	}
	token.ExpiresAt = now.AddDate(0, term.Months, term.Days)
	return token, nil
}

// profile finds the profile's id among those shipped and the account's own. It
// asks the log itself, so that a token can be made right after its account.
func (t tokenCreateCmd) profile(ctx context.Context, log eventlog.Log, uid uuid.UUID) (string, error) {
	var s account.State
	for e, err := range log.ReadStream(ctx, account.Aggregate.Stream(uid), 0) {
		if err != nil {
			return "", err
		}
		s = account.Evolve(s, e.Event)
	}
	if !s.Exists() {
		return "", errors.New("--account: there is no such account")
	}
	if s.Status == account.Closed {
		return "", fmt.Errorf("--account: the account %s is closed", s.Name)
	}
	if t.Administrator {
		return "", nil
	}
	for _, p := range []rights.Profile{s.Profile(t.Profile), s.ProfileNamed(t.Profile)} {
		if p.Exists() {
			return p.ID, nil
		}
	}
	return "", fmt.Errorf("--profile: there is no profile %q", t.Profile)
}

type tokenListCmd struct {
	Account uuid.UUID `help:"Only those of one account." placeholder:"UID"`
	JSON    bool      `help:"As JSON." name:"json"`
}

// Run prints a line per token.
func (t tokenListCmd) Run(ctx context.Context, cfg *Config, c console) error {
	s, err := attachStores(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	all, err := postgres.NewTokens(s.pool).List(ctx, t.Account)
	if err != nil {
		return err
	}
	if t.JSON {
		return json.NewEncoder(c.out).Encode(listed(all))
	}
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tACCOUNT\tRIGHTS\tCREATED\tEXPIRES\tLABEL")
	for _, token := range listed(all) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", token.ID, token.Account, token.Rights, token.Created, cmp.Or(token.Expires, "never"), token.Label)
	}
	return w.Flush()
}

// listedToken is a token as people read it.
type listedToken struct {
	ID      uuid.UUID `json:"id"`
	Account uuid.UUID `json:"account"`
	Rights  string    `json:"rights"` // administrator, or the id of a profile
	Created string    `json:"createdAt"`
	Expires string    `json:"expiresAt,omitempty"`
	Label   string    `json:"label,omitempty"`
}

func listed(all []ports.AccountToken) []listedToken {
	shown := []listedToken{}
	for _, t := range all {
		one := listedToken{
			ID: t.ID, Account: t.Account, Rights: cmp.Or(t.Profile, "administrator"), Created: t.CreatedAt.Format(time.RFC3339), Label: t.Label,
		}
		if !t.ExpiresAt.IsZero() {
			one.Expires = t.ExpiresAt.Format(time.RFC3339)
		}
		shown = append(shown, one)
	}
	return shown
}

type tokenRevokeCmd struct {
	ID uuid.UUID `arg:"" help:"The token's id, as token list shows it."`
}

// Run revokes the token, whichever account has it.
func (t tokenRevokeCmd) Run(ctx context.Context, cfg *Config, _ console) error {
	s, err := attachStores(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	tokens := postgres.NewTokens(s.pool)
	all, err := tokens.List(ctx, uuid.Nil)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(other ports.AccountToken) bool { return other.ID == t.ID })
	if i >= 0 {
		err = tokens.Revoke(ctx, uuid.Nil, t.ID, clock.System{}.Now())
	}
	if i < 0 || errors.Is(err, query.ErrNotFound) {
		return fmt.Errorf("there is no token %s that could still be used", t.ID)
	}
	if err != nil {
		return err
	}
	return noteToken(ctx, s, cfg, ports.SecurityTokenEnded, all[i])
}
