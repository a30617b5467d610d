package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/user"
)

// erase takes the data of persons that were erased from all versions of their
// account, of the users and of the grants to the auditors they are, those of this
// batch included.
func erase(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
	for _, e := range events {
		var err error
		switch event := e.Event.(type) {
		case account.PersonErased:
			err = eraseFrom(ctx, tx, accountTable, event.Account, event.Person)
		case user.UserErased:
			err = eraseFrom(ctx, tx, userTable, event.User, everybody)
		case audit.AuditorErased:
			err = eraseFrom(ctx, tx, auditGrantTable, event.Grant, everybody)
		case notice.NoticeRecipientErased:
			err = eraseRecipient(ctx, tx, event.Round, event.Person)
		}
		if err != nil {
			return fmt.Errorf("erase a person: %w", err)
		}
	}
	return nil
}

// everybody stands for whichever person a row names, where there is one only.
var everybody = uuid.Nil

// eraseFrom erases a person from the versions of one aggregate. It also goes
// through the generations beside this one, such as the one that a rebuild keeps
// for going back: nobody follows the log for them. Those may be of another
// version, with other columns and states of another shape.
func eraseFrom[S any](ctx context.Context, tx pgx.Tx, t table[S], uid, person uuid.UUID) error {
	rows, err := tx.Query(ctx, `SELECT table_schema::text, array_agg(column_name::text) FROM information_schema.columns
		WHERE table_name = $1 AND table_schema ~ '^rm_fleet_v[0-9]+'
		GROUP BY table_schema ORDER BY table_schema = current_schema() DESC, table_schema`, t.name)
	if err != nil {
		return err
	}
	type generation struct {
		Schema  string
		Columns []string
	}
	generations, err := pgx.CollectRows(rows, pgx.RowToStructByPos[generation])
	if err != nil {
		return err
	}
	for _, g := range generations {
		here := slices.DeleteFunc(slices.Clone(t.personal), func(e erasure) bool { return !slices.Contains(g.Columns, e.column) })
		if err := eraseIn(ctx, tx, pgx.Identifier{g.Schema, t.name}.Sanitize(), here, uid, person); err != nil {
			return fmt.Errorf("in %s: %w", g.Schema, err)
		}
	}
	return nil
}

// eraseIn rewrites the versions of one aggregate in one generation's table.
func eraseIn(ctx context.Context, tx pgx.Tx, table string, shown []erasure, uid, person uuid.UUID) error {
	rows, err := tx.Query(ctx, `SELECT valid_from, state FROM `+table+` WHERE uid = $1`, [16]byte(uid))
	if err != nil {
		return err
	}
	type version struct {
		From  time.Time
		State []byte
	}
	versions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[version])
	if err != nil {
		return err
	}
	update := `UPDATE ` + table + ` SET state = $3`
	for _, e := range shown {
		update += ", " + e.column + " = " + strings.ReplaceAll(e.sql, "%s", literal(person.String()))
	}
	update += ` WHERE uid = $1 AND valid_from = $2`
	for _, v := range versions {
		state, err := withoutPerson(v.State, person)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, update, [16]byte(uid), v.From, state); err != nil {
			return err
		}
	}
	return nil
}

// withoutPerson is a stored state, of whatever shape, without the person's data.
// Persons look the same wherever they stand, as in the log.
func withoutPerson(state []byte, person uuid.UUID) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(state))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("read a stored state: %w", err)
	}
	forget(document, person)
	return json.Marshal(document)
}

func forget(document any, person uuid.UUID) {
	switch d := document.(type) {
	case []any:
		for _, element := range d {
			forget(element, person)
		}
	case map[string]any:
		if _, ok := d["email"]; ok && (person == everybody || d["id"] == person.String()) {
			d["email"], d["name"] = account.Erased, account.Erased
		}
		for _, value := range d {
			forget(value, person)
		}
	}
}

// eraseRecipient takes the data of a recipient of notices from all generations, as
// eraseFrom does.
func eraseRecipient(ctx context.Context, tx pgx.Tx, round, person uuid.UUID) error {
	rows, err := tx.Query(ctx, `SELECT table_schema::text FROM information_schema.tables
		WHERE table_name = 'notice_recipients' AND table_schema ~ '^rm_fleet_v[0-9]+' ORDER BY table_schema = current_schema() DESC, table_schema`)
	if err != nil {
		return err
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		sql := `UPDATE ` + pgx.Identifier{schema, "notice_recipients"}.Sanitize() + ` SET name = $3, email = $3 WHERE round = $1 AND person = $2`
		if _, err := tx.Exec(ctx, sql, [16]byte(round), [16]byte(person), account.Erased); err != nil {
			return fmt.Errorf("in %s: %w", schema, err)
		}
	}
	return nil
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
