package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

type operatorCmd struct {
	Add    operatorAddCmd    `cmd:"" help:"Let somebody be an operator, and print the token, nothing else."`
	List   operatorListCmd   `cmd:"" help:"The operators who were added, and tokens that were renewed."`
	Remove operatorRemoveCmd `cmd:"" help:"End the tokens and sessions of an operator who was added."`
	Renew  operatorRenewCmd  `cmd:"" help:"Let another token follow an operator's, beside running instances."`
}

type operatorAddCmd struct {
	Name    string `arg:"" help:"What the log calls the operator: small letters, digits, dots, dashes. It stays there for good."`
	Expires string `help:"How long the token is valid, such as P90D; default: until the operator is removed." placeholder:"TERM"`
}

var operatorName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,39}$`)

// Run adds an operator. Only a hash of the token is kept, so it can be shown this once.
func (o operatorAddCmd) Run(ctx context.Context, cfg *Config, c console) error {
	if !operatorName.MatchString(o.Name) || o.Name == operators.Main {
		return fmt.Errorf("%q is no name for an operator: small letters, digits, dots and dashes, 40 at most, and not %q", o.Name, operators.Main)
	}
	now := clock.System{}.Now()
	var expires time.Time
	if o.Expires != "" {
		term, err := calendar.ParseTerm(o.Expires)
		if err != nil {
			return fmt.Errorf("--expires: %w", err)
		}
		expires = now.AddDate(0, term.Months, term.Days)
	}
	token := newOperatorToken()
	return withOperators(ctx, cfg, func(store *operators.Store) error {
		if err := store.Add(ctx, o.Name, token, now, expires); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		_, err := fmt.Fprintln(c.out, token)
		return err
	})
}

func newOperatorToken() string { return operators.Prefix + randomText(32) }

func withOperators(ctx context.Context, cfg *Config, do func(*operators.Store) error) error {
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	return do(operators.NewStore(s.pool))
}

type operatorListCmd struct{}

// Run prints a line per token.
func (operatorListCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return withOperators(ctx, cfg, func(store *operators.Store) error {
		all, err := store.List(ctx, clock.System{}.Now())
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tSINCE\tUNTIL")
		for _, t := range all {
			until := ""
			if !t.ExpiresAt.IsZero() {
				until = t.ExpiresAt.Format(time.RFC3339)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", t.Name, t.CreatedAt.Format(time.RFC3339), cmp.Or(until, "it is removed"))
		}
		return w.Flush()
	})
}

type operatorRemoveCmd struct {
	Name string `arg:"" help:"The operator."`
}

// Run ends what the operator has. The one whose token instances are configured with
// stays: another token can follow that.
func (o operatorRemoveCmd) Run(ctx context.Context, cfg *Config, _ console) error {
	if o.Name == operators.Main {
		return fmt.Errorf("%q has the token that instances are configured with; operator renew lets another one follow", o.Name)
	}
	return withOperators(ctx, cfg, func(store *operators.Store) error {
		had, err := store.Remove(ctx, o.Name, clock.System{}.Now())
		if err == nil && !had {
			err = fmt.Errorf("there is no operator %q", o.Name)
		}
		return err
	})
}

type operatorRenewCmd struct {
	Name       string        `arg:"" optional:"" default:"operator" help:"Whose; default: the token that instances are configured with."`
	Keep       time.Duration `help:"How long the token of before stays good." default:"0" placeholder:"DURATION"`
	Configured string        `help:"The token that instances are configured with; empty: that of the data folder." env:"FLEETLEDGER_OPERATOR_TOKEN" placeholder:"TOKEN"`
}

// Run renews. The token of the data folder is in its file then; any other is printed.
func (o operatorRenewCmd) Run(ctx context.Context, cfg *Config, c console) error {
	if o.Keep < 0 {
		return errors.New("--keep: must not be negative")
	}
	return withOperators(ctx, cfg, func(store *operators.Store) error {
		now := clock.System{}.Now()
		if o.Name == operators.Main && o.Configured == "" {
			return renewInFolder(ctx, cfg, store, now, now.Add(o.Keep), c)
		}
		if o.Name != operators.Main {
			all, err := store.List(ctx, now)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(all, func(t operators.Token) bool { return t.Name == o.Name }) {
				return fmt.Errorf("there is no operator %q", o.Name)
			}
			o.Configured = ""
		}
		token := newOperatorToken()
		if err := store.Follow(ctx, o.Name, token, o.Configured, now, now.Add(o.Keep)); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.out, token)
		return err
	})
}

// renewInFolder puts the new token into the data folder, beside the file first: cut off
// anywhere, the next time goes on with it.
func renewInFolder(ctx context.Context, cfg *Config, store *operators.Store, now, formerEnds time.Time, c console) error {
	former, path, err := operatorToken("", cfg.DataDir)
	if err != nil {
		return err
	}
	draft := path + ".next"
	token, err := keyIn(draft)
	if err != nil || token == "" {
		token = newOperatorToken()
		if err := writeDurable(draft, token+"\n"); err != nil {
			return err
		}
	}
	if err := store.Follow(ctx, operators.Main, token, former, now, formerEnds); err != nil {
		return err
	}
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "the new token is in %s\n", path)
	return err
}
