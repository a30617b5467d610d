package analysts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Kept is what Keep has found.
type Kept struct {
	Changed []string // analysts who had changed their own settings
	Ended   int      // statements and transactions that went on for too long
}

// Keep puts the settings of analysts back where they have changed them, and ends what
// they have let run for longer than the settings allow. PostgreSQL lets every role change
// the defaults of its own sessions, and its password: nothing prevents that, so it is
// undone. It gives ErrNotAllowed where the service may not manage the roles.
func Keep(ctx context.Context, pool *pgxpool.Pool, schema string) (Kept, error) {
	var kept Kept
	names, err := List(ctx, pool)
	if err != nil || len(names) == 0 {
		return kept, err
	}
	var refused error
	for _, name := range names {
		switch changed, err := putBack(ctx, pool, schema, name); {
		case errors.Is(err, ErrNotAllowed):
			refused = err // of a role that somebody else has made; others may be the service's
		case err != nil:
			return kept, err
		case changed:
			kept.Changed = append(kept.Changed, name)
		}
	}
	// A little later than PostgreSQL itself, where they let it.
	err = pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE usename = ANY ($1) AND (state = 'active' AND query_start < now() - interval '6 min'
			OR state LIKE 'idle in transaction%' AND state_change < now() - interval '6 min')`, names).Scan(&kept.Ended)
	return kept, errors.Join(refused, wrap("end statements of analysts", err))
}

// compared are settings without what PostgreSQL writes otherwise than they were given:
// the case of names, blanks and quotes.
func compared(settings []string) []string {
	plain := strings.NewReplacer(" ", "", `'`, "", `"`, "")
	var all []string
	for _, setting := range settings {
		name, value, _ := strings.Cut(plain.Replace(setting), "=")
		all = append(all, strings.ToLower(name)+"="+value)
	}
	slices.Sort(all)
	return all
}

// putBack sets an analyst's settings anew where they are others.
func putBack(ctx context.Context, pool *pgxpool.Pool, schema, name string) (changed bool, err error) {
	rows, _ := pool.Query(ctx, `SELECT coalesce(d.datname::text, ''), s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
		LEFT JOIN pg_database d ON d.oid = s.setdatabase WHERE r.rolname = $1`, name)
	type row struct {
		Database string
		Settings []string
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return false, wrap("read the settings of "+name, err)
	}
	role := pgx.Identifier{name}.Sanitize()
	var statements []string
	whole := false
	for _, r := range found {
		if r.Database != "" {
			statements = append(statements, fmt.Sprintf(`ALTER ROLE %s IN DATABASE %s RESET ALL`, role, pgx.Identifier{r.Database}.Sanitize()))
			continue
		}
		whole = slices.Equal(compared(r.Settings), compared(settingsFor(schema)))
	}
	if !whole {
		statements = append(statements, `ALTER ROLE `+role+` RESET ALL`)
		for _, setting := range settingsFor(schema) {
			statements = append(statements, `ALTER ROLE `+role+` SET `+setting)
		}
	}
	if len(statements) == 0 {
		return false, nil
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	return err == nil, wrap("put the settings of "+name+" back", err)
}
