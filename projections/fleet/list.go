package fleet

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Lists are paged by key set: a page begins after the sort values of the last
// row before it, so rows that come and go between two pages neither hide others
// nor show them twice.

// sortKey is what a list can be sorted by. Nothing (NULL) comes last both ways.
type sortKey struct {
	expr     string
	typ      string // of expr
	nullable bool
}

type ordered struct {
	sortKey
	descending bool
}

// Codes of refusals.
const (
	CodeSortUnknown  = "sort_unknown"
	CodeLimitInvalid = "limit_invalid"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// list is a list query under construction.
type list struct {
	columns string
	from    string // FROM and what follows, up to WHERE
	with    string // common table expressions, if any
	where   []string
	args    []any
	// later is joined to the rows c of the page only, after they are chosen; if any.
	later string
	// total counts all rows, where that takes less than the page's query.
	total     string
	totalArgs []any

	sort   string // as asked for; cursors are bound to it
	keys   []ordered
	limit  int
	cursor []*string
}

// arg adds an argument and names it.
func (l *list) arg(v any) string {
	l.args = append(l.args, v)
	return fmt.Sprintf("$%d", len(l.args))
}

// date adds an argument that is a date and gives the expression of it.
func (l *list) date(d calendar.Date) string { return l.arg(date(d)) + "::date" }

// filter adds a condition; %s in it stands for v, each time. A text that no
// column can hold (NUL, broken UTF-8) fits none.
func (l *list) filter(condition string, v any) {
	if s, ok := v.(string); ok && !storable(s) {
		l.where = append(l.where, "false")
		return
	}
	l.where = append(l.where, strings.ReplaceAll(condition, "%s", l.arg(v)))
}

// page takes limit, sort keys and cursor. Ties are broken by uid, so the order
// is total.
func (l *list) page(p query.Page, keys map[string]sortKey, byDefault, uid string) error {
	l.limit = p.Limit
	if l.limit == 0 {
		l.limit = defaultLimit
	}
	if l.limit < 1 || l.limit > maxLimit {
		return domain.Refuse(domain.Problem{Code: CodeLimitInvalid, Detail: fmt.Sprintf("The limit must be from 1 to %d.", maxLimit)})
	}
	names := p.Sort
	if len(names) == 0 {
		names = []string{byDefault}
	}
	for _, name := range names {
		bare, descending := strings.CutPrefix(name, "-")
		key, ok := keys[bare]
		if !ok {
			return domain.Refuse(domain.Problem{Kind: domain.Invalid, Code: CodeSortUnknown,
				Detail: fmt.Sprintf("The list cannot be sorted by %q; it can by %s.", bare, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))})
		}
		l.keys = append(l.keys, ordered{key, descending})
	}
	l.keys = append(l.keys, ordered{sortKey: sortKey{expr: uid, typ: "uuid"}})
	l.sort = strings.Join(names, ",")
	return l.resume(p.Cursor)
}

// versionList is a list of the versions in a table that hold.
type versionList struct {
	table, alias string
	status       string // an expression; the list can be sorted by it, too
	asOf         time.Time
	keys         map[string]sortKey
	byDefault    string // how it is sorted
}

// versions makes the list one of versions, for scanVersion to read.
func (l *list) versions(v versionList, p query.Page) error {
	l.columns = fmt.Sprintf("%[1]s.state, %[1]s.revision, %[2]s", v.alias, v.status)
	l.from = v.table + " " + v.alias
	l.where = append(l.where, l.valid(v.alias, v.asOf))
	v.keys["status"] = sortKey{expr: v.status, typ: "text"}
	return l.page(p, v.keys, v.byDefault, v.alias+".uid")
}

// scanVersion reads a version's state, revision and status, and makes an item
// of them.
func scanVersion[S any, Status ~string, T any](t table[S], listed func(S, Status, eventlog.Revision) T) func() ([]any, func() (T, error)) {
	return func() ([]any, func() (T, error)) {
		var stored []byte
		var revision eventlog.Revision
		var status Status
		return []any{&stored, &revision, &status}, func() (item T, err error) {
			state, err := t.parse(stored)
			if err != nil {
				return item, err
			}
			return listed(state, status, revision), nil
		}
	}
}

// cursor is the form a cursor has inside.
type cursor struct {
	Sort   string    `json:"s"`
	Values []*string `json:"v"`
}

func (l *list) resume(opaque string) error {
	if opaque == "" {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(opaque)
	if err != nil {
		return query.ErrBadCursor
	}
	var c cursor
	if json.Unmarshal(data, &c) != nil || c.Sort != l.sort || len(c.Values) != len(l.keys) {
		return query.ErrBadCursor
	}
	for i, v := range c.Values {
		if v == nil && !l.keys[i].nullable {
			return query.ErrBadCursor
		}
	}
	l.cursor = c.Values
	return nil
}

func (l *list) next(values []*string) (string, error) {
	data, err := json.Marshal(cursor{l.sort, values})
	if err != nil {
		return "", fmt.Errorf("make cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}

// totalSQL counts all rows, whatever the page.
func (l *list) totalSQL() (string, []any) {
	if l.total != "" {
		return l.total, l.totalArgs
	}
	return l.with + "SELECT count(*) FROM (SELECT " + l.columns + " FROM " + l.from + conditions(l.where) + ") every", l.args
}

// pageSQL selects the page, one row more to see whether there is a next one,
// and each key as text for the cursor.
func (l *list) pageSQL() string {
	columns := []string{l.columns}
	var order []string
	for _, k := range l.keys {
		columns = append(columns, "("+k.expr+")::text")
		order = append(order, k.order())
	}
	where := l.where
	if l.cursor != nil {
		where = append(slices.Clone(where), l.after())
	}
	sorted := " ORDER BY " + strings.Join(order, ", ")
	rows := l.from + conditions(where) + sorted + fmt.Sprintf(" LIMIT %d", l.limit+1)
	if l.later != "" {
		rows = "(SELECT * FROM " + rows + ") c " + l.later + sorted
	}
	return l.with + "SELECT " + strings.Join(columns, ", ") + " FROM " + rows
}

func conditions(where []string) string {
	if len(where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(where, " AND ")
}

func (k ordered) order() string {
	o := k.expr
	if k.descending {
		o += " DESC"
	}
	if k.nullable {
		o += " NULLS LAST"
	}
	return o
}

// after is the condition that a row comes after the cursor.
func (l *list) after() string {
	values := make([]string, len(l.keys))
	simple := true
	for i, k := range l.keys {
		if l.cursor[i] != nil {
			values[i] = l.arg(*l.cursor[i]) + "::text::" + k.typ
		}
		simple = simple && !k.descending && !k.nullable
	}
	if simple { // the form an index can begin at
		exprs := make([]string, len(l.keys))
		for i, k := range l.keys {
			exprs[i] = k.expr
		}
		return "(" + strings.Join(exprs, ", ") + ") > (" + strings.Join(values, ", ") + ")"
	}
	condition := "false"
	for i, k := range slices.Backward(l.keys) {
		condition = k.after(values[i], condition)
	}
	return condition
}

// after is true where the key comes after the value, or is the same and rest is
// true. An empty value is NULL.
func (k ordered) after(value, rest string) string {
	if value == "" {
		return "(" + k.expr + " IS NULL AND " + rest + ")"
	}
	comparison := " > "
	if k.descending {
		comparison = " < "
	}
	condition := k.expr + comparison + value + " OR (" + k.expr + " = " + value + " AND " + rest + ")"
	if k.nullable {
		condition += " OR " + k.expr + " IS NULL"
	}
	return "(" + condition + ")"
}

// fetch runs the two queries. scan gives the destinations of the columns and
// what makes an item of them.
func fetch[T any](ctx context.Context, tx pgx.Tx, l *list, scan func() ([]any, func() (T, error))) (query.List[T], error) {
	var page query.List[T]
	total, args := l.totalSQL()
	if err := tx.QueryRow(ctx, total, args...).Scan(&page.Total); err != nil {
		return page, fmt.Errorf("count rows: %w", err)
	}
	err := l.rows(ctx, tx, func(rows pgx.Rows, keys []any) error {
		destinations, make := scan()
		if err := rows.Scan(append(destinations, keys...)...); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		item, err := make()
		page.Items = append(page.Items, item)
		return err
	}, &page.NextCursor)
	if l.cursor != nil && strings.HasPrefix(code(err), "22") {
		return page, errors.Join(query.ErrBadCursor, err) // values that are none of their type
	}
	return page, err
}

// rows calls each for the page's rows, and sets next when there are more.
func (l *list) rows(ctx context.Context, tx pgx.Tx, each func(rows pgx.Rows, keys []any) error, next *string) error {
	sql := l.pageSQL()
	rows, err := tx.Query(ctx, sql, l.args...)
	if err != nil {
		return fmt.Errorf("query rows: %w", err)
	}
	defer rows.Close()
	values := make([]*string, len(l.keys))
	keys := make([]any, len(l.keys))
	for i := range values {
		keys[i] = &values[i]
	}
	for n := 0; rows.Next(); n++ {
		if n == l.limit {
			*next, err = l.next(values)
			return err
		}
		if err := each(rows, keys); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}
