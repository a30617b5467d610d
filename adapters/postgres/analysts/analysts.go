// Package analysts keeps the database roles of analysts. They use no API: each
// has a role to sign in to PostgreSQL with, as a member of Group, and Group may
// read the views that the projections publish and nothing else.
//
// What keeps an analyst from everything else is that there are no privileges on
// it. The settings of a role (read only, limits of time and connections) keep
// accidents away; a session may change most of them, and a role its own: Keep puts
// those back, and ends what goes on for too long. PostgreSQL lets every role
// use up its time, take advisory locks and send notifications, so analysts are
// people one trusts that far, or read from a replica.
package analysts

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Group is the role that may read the views. Roles are those of the whole
// server: services on several databases of one server share it.
const Group = "fleetledger_analyst"

// HowTo is what a privileged user has to run where the service's own database user
// may not create roles.
const HowTo = `CREATE ROLE ` + Group + ` NOLOGIN; ` +
	`GRANT USAGE ON SCHEMA analytics TO ` + Group + `; ` +
	`GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO ` + Group + `; ` +
	`CREATE ROLE name LOGIN PASSWORD '...' IN ROLE ` + Group + `; ` +
	`ALTER ROLE name SET default_transaction_read_only = on`

// Errors of the roles.
var (
	ErrNotAllowed = errors.New("the service's database user may not manage roles")
	ErrTaken      = errors.New("there is a role of that name already")
	ErrUnknown    = errors.New("there is no analyst of that name")
	ErrName       = errors.New("a name has up to 63 lower-case letters, digits and underscores, begins with a letter, and not with pg_")
)

// EnsureGroup makes Group where it is missing. Any number of instances may call
// it at once, on any databases of the server.
func EnsureGroup(ctx context.Context, pool *pgxpool.Pool) error {
	var exists bool
	err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, Group).Scan(&exists)
	if err != nil || exists {
		return wrap("look for role "+Group, err)
	}
	_, err = pool.Exec(ctx, `CREATE ROLE `+Group+` NOLOGIN`)
	if errors.Is(refusal(err), ErrTaken) {
		return nil // another instance was faster
	}
	return wrap("create role "+Group, err)
}

// settings are those of an analyst's sessions.
var settings = []string{
	`default_transaction_read_only = on`,
	`statement_timeout = '5min'`,
	`idle_in_transaction_session_timeout = '5min'`,
	`timezone = 'UTC'`,
}

// settingsFor are those of sessions that look into a schema.
func settingsFor(schema string) []string {
	return append(slices.Clone(settings), `search_path = `+pgx.Identifier{schema}.Sanitize())
}

const maxConnections = 10 // of one analyst

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Create makes a role for an analyst, to read the views of a schema, and gives its
// password. This is the only time to see it: the server gets just a verifier.
func Create(ctx context.Context, pool *pgxpool.Pool, schema, name string) (password string, err error) {
	plain := schema
	schema = pgx.Identifier{schema}.Sanitize()
	if !validName.MatchString(name) || name[:min(3, len(name))] == "pg_" {
		return "", fmt.Errorf("%q: %w", name, ErrName)
	}
	if err := EnsureGroup(ctx, pool); err != nil {
		return "", err
	}
	secret := make([]byte, 24)
	_, _ = rand.Read(secret) // never fails, by its documentation
	password = base64.RawURLEncoding.EncodeToString(secret)
	verifier, err := scramVerifier(password)
	if err != nil {
		return "", err
	}
	role := pgx.Identifier{name}.Sanitize()
	statements := []string{fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD '%s' CONNECTION LIMIT %d IN ROLE %s`, role, verifier, maxConnections, Group)}
	for _, setting := range settingsFor(plain) {
		statements = append(statements, `ALTER ROLE `+role+` SET `+setting)
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var published bool // perhaps before Group existed
		if err := tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, schema).Scan(&published); err != nil {
			return err
		}
		if published {
			statements = append(statements, `GRANT USAGE ON SCHEMA `+schema+` TO `+Group, `GRANT SELECT ON ALL TABLES IN SCHEMA `+schema+` TO `+Group)
		}
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	return password, wrap("create role "+name, err)
}

// Drop ends an analyst's sessions and removes the role. Other roles it leaves
// alone.
func Drop(ctx context.Context, pool *pgxpool.Pool, name string) error {
	names, err := List(ctx, pool)
	if err != nil {
		return err
	}
	for _, known := range names {
		if known == name {
			return drop(ctx, pool, name)
		}
	}
	return fmt.Errorf("%q: %w", name, ErrUnknown)
}

func drop(ctx context.Context, pool *pgxpool.Pool, name string) error {
	role := pgx.Identifier{name}.Sanitize()
	if _, err := pool.Exec(ctx, `ALTER ROLE `+role+` NOLOGIN`); err != nil {
		return wrap("shut out "+name, err)
	}
	_, err := pool.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1`, name)
	if err != nil && !errors.Is(refusal(err), ErrNotAllowed) { // a session without its role may read nothing either
		return wrap("end sessions of "+name, err)
	}
	_, err = pool.Exec(ctx, `DROP ROLE `+role)
	return wrap("drop role "+name, err)
}

// List names the analysts: members of Group who can sign in and have no power
// over the server.
func List(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT r.rolname::text FROM pg_roles r
		JOIN pg_auth_members m ON m.member = r.oid JOIN pg_roles g ON g.oid = m.roleid AND g.rolname = $1
		WHERE r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolcreaterole ORDER BY 1`, Group)
	if err != nil {
		return nil, wrap("list analysts", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return names, wrap("list analysts", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, refusal(err))
}

// refusal names the errors that a caller can do something about.
func refusal(err error) error {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch answer.Code {
	case "42501":
		return ErrNotAllowed
	case "42710", "23505":
		return ErrTaken
	}
	return err
}
