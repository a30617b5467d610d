package projections

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Views are what a projection shows to readers with SQL of their own: views over
// the live rows, in a schema apart and under names that last.
//
// They are published, made anew as a whole, in the transaction that makes
// another version or generation the live one: when a new projection starts,
// when a new version is filled, at a rebuild's swap, and when a program starts
// that has the older or newer version, or declares other views. The program
// that started last decides.
//
// Publishing does not wait for readers. Former views that are in use are
// put aside, still leading to the rows they led to, and dropped when the next
// ones are published: a transaction under way may see the former rows until its
// end. It should be READ COMMITTED, since in an older snapshot rows that were
// filled in later are not there yet. Privileges granted and objects built on the
// views by hand do not last, those of Role do.
type Views struct {
	Schema  string
	Comment string
	Role    string // may read them and nothing else, where the server has such a role
	Views   []View
	// Functions are made after the views, which they may name with their schema.
	Functions []Function
}

// Function is a function of SQL beside the views, that reads and changes nothing.
type Function struct {
	Name, Comment string
	Arguments     string // with their types
	Returns       string
	SQL           string
}

// View is one of them.
type View struct {
	Name, Comment string
	Columns       []Column
	// From is FROM and what follows. Tables are named without their schema, as
	// in Projection.Tables.
	From string
}

// Column is a column of a view: its name, where it comes from, what it means.
type Column struct {
	Name, SQL, Comment string
}

// ErrForeignSchema says that the schema of the views was not made by this program.
var ErrForeignSchema = errors.New("the schema is there already and not this service's; rename it")

// publication is kept in ops.settings: which generation's rows the views lead
// to, and what else they were made of.
type publication struct {
	Schema string // of the generation
	Made   string // a hash
}

func (v *Views) setting() string { return "views-" + v.Schema }

// published is the last publication, empty when there was none.
func (v *Views) published(ctx context.Context, tx pgx.Tx) (publication, error) {
	var p publication
	var value []byte
	err := tx.QueryRow(ctx, `SELECT value FROM ops.settings WHERE key = $1`, v.setting()).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(value, &p)
	}
	if err != nil {
		return p, fmt.Errorf("read what is published in %s: %w", v.Schema, err)
	}
	return p, nil
}

// publish makes the views lead to the rows in a generation's schema. It does
// nothing when they do, and it is the last that its transaction waits for.
func (v *Views) publish(ctx context.Context, tx pgx.Tx, generation string) error {
	if v == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockKey("publish "+v.Schema, 0)); err != nil {
		return fmt.Errorf("wait to publish %s: %w", v.Schema, err)
	}
	wanted, intact, err := v.wanted(ctx, tx, generation)
	if err != nil {
		return err
	}
	last, err := v.published(ctx, tx)
	if err != nil || intact && last == wanted {
		return err
	}
	if err := v.replace(ctx, tx, generation, last); err != nil {
		return fmt.Errorf("publish %s: %w", v.Schema, err)
	}
	value, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO ops.settings (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, v.setting(), value)
	if err != nil {
		return fmt.Errorf("note what is published in %s: %w", v.Schema, err)
	}
	return nil
}

// wanted is the publication that is to be; intact, whether all views are there.
func (v *Views) wanted(ctx context.Context, tx pgx.Tx, generation string) (p publication, intact bool, err error) {
	var facts string
	gate := pgx.Identifier{generation, GateTable}.Sanitize()
	err = tx.QueryRow(ctx, `SELECT concat_ws(' ', to_regclass($1)::oid, (SELECT oid FROM pg_roles WHERE rolname = $2)),
		(SELECT count(*) FROM pg_views WHERE schemaname = $3) = $4`, gate, v.Role, v.Schema, len(v.Views)).Scan(&facts, &intact)
	if err != nil {
		return p, false, fmt.Errorf("look at %s: %w", v.Schema, err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q", facts, *v))
	return publication{Schema: generation, Made: hex.EncodeToString(sum[:8])}, intact, nil
}

// replace makes the views anew in the place of the former ones.
func (v *Views) replace(ctx context.Context, tx pgx.Tx, generation string, last publication) error {
	if err := v.removeFormer(ctx, tx, last); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, setSearchPath, searchPath(generation)); err != nil {
		return fmt.Errorf("enter schema %s: %w", generation, err)
	}
	for _, sql := range v.statements() {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%.60s: %w", sql, err)
		}
	}
	var role bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, v.Role).Scan(&role); err != nil || !role {
		return err
	}
	on, to := " SCHEMA "+pgx.Identifier{v.Schema}.Sanitize(), " TO "+pgx.Identifier{v.Role}.Sanitize()
	if _, err := tx.Exec(ctx, "GRANT USAGE ON"+on+to+"; GRANT SELECT ON ALL TABLES IN"+on+to); err != nil {
		return fmt.Errorf("let %s read: %w", v.Role, err)
	}
	return nil
}

// patience is how long former views may be in use before they are put aside.
const patience = "200ms"

// removeFormer takes the former views away: it drops them, or puts them aside
// while they are being read.
func (v *Views) removeFormer(ctx context.Context, tx pgx.Tx, last publication) error {
	aside := v.Schema + "_former_"
	rows, err := tx.Query(ctx, `SELECT nspname::text, oid FROM pg_namespace WHERE nspname = $1 OR nspname ~ ('^' || $2 || '[0-9]+$')`, v.Schema, aside)
	if err != nil {
		return err
	}
	type schema struct {
		Name string
		OID  uint32
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowToStructByPos[schema])
	if err != nil {
		return err
	}
	for _, s := range schemas {
		if s.Name == v.Schema && last == (publication{}) {
			return fmt.Errorf("schema %s: %w", s.Name, ErrForeignSchema)
		}
		name := pgx.Identifier{s.Name}.Sanitize()
		err := pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) error {
			_, err := savepoint.Exec(ctx, `SET LOCAL lock_timeout = '`+patience+`'; DROP SCHEMA `+name+` CASCADE; SET LOCAL lock_timeout TO DEFAULT`)
			return err
		})
		if !inUse(err) {
			if err != nil {
				return err
			}
			continue
		}
		if s.Name == v.Schema {
			if _, err := tx.Exec(ctx, fmt.Sprintf("ALTER SCHEMA %s RENAME TO %s%d", name, aside, s.OID)); err != nil {
				return err
			}
		}
	}
	return nil
}

func inUse(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == "55P03"
}

// statements make the schema, the views and their comments.
func (v *Views) statements() []string {
	schema := pgx.Identifier{v.Schema}.Sanitize()
	all := []string{"CREATE SCHEMA " + schema, "COMMENT ON SCHEMA " + schema + " IS " + literal(v.Comment)}
	for _, view := range v.Views {
		name := pgx.Identifier{v.Schema, view.Name}
		columns := make([]string, len(view.Columns))
		comments := []string{"COMMENT ON VIEW " + name.Sanitize() + " IS " + literal(view.Comment)}
		for i, c := range view.Columns {
			columns[i] = c.SQL + " AS " + pgx.Identifier{c.Name}.Sanitize()
			comments = append(comments, "COMMENT ON COLUMN "+append(name, c.Name).Sanitize()+" IS "+literal(c.Comment))
		}
		all = append(all, "CREATE VIEW "+name.Sanitize()+" AS SELECT "+strings.Join(columns, ", ")+" "+view.From)
		all = append(all, strings.Join(comments, "; "))
	}
	for _, f := range v.Functions {
		name := pgx.Identifier{v.Schema, f.Name}.Sanitize()
		all = append(all, fmt.Sprintf("CREATE FUNCTION %[1]s(%[2]s) RETURNS %[3]s LANGUAGE sql STABLE PARALLEL SAFE AS %[4]s; COMMENT ON FUNCTION %[1]s IS %[5]s",
			name, f.Arguments, f.Returns, literal(f.SQL), literal(f.Comment)))
	}
	return all
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
