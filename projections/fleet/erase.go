package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
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
			err = eraseOne(ctx, tx, accountTable, event.Account, func(s *accountState) { s.State = s.Without(event.Person) })
		case user.UserErased:
			err = eraseOne(ctx, tx, userTable, event.User, func(s *userState) { s.Person = s.Person.Erase() })
		case audit.AuditorErased:
			err = eraseOne(ctx, tx, auditGrantTable, event.Grant, func(s *auditGrantState) { s.Auditor = s.Auditor.Erase() })
		}
		if err != nil {
			return fmt.Errorf("erase a person: %w", err)
		}
	}
	return nil
}

// generation is one with a table, whose columns may be those of another version.
type generation struct {
	Schema  string
	Columns []string
}

// eraseOne also goes through the generations beside this one, such as the one
// that a rebuild keeps for going back: nobody follows the log for them.
func eraseOne[S any](ctx context.Context, tx pgx.Tx, t table[S], uid uuid.UUID, forget func(*S)) error {
	rows, err := tx.Query(ctx, `SELECT table_schema::text, array_agg(column_name::text) FROM information_schema.columns
		WHERE table_name = $1 AND table_schema ~ '^rm_fleet_v[0-9]+'
		GROUP BY table_schema ORDER BY table_schema = current_schema() DESC, table_schema`, t.name)
	if err != nil {
		return err
	}
	generations, err := pgx.CollectRows(rows, pgx.RowToStructByPos[generation])
	if err != nil {
		return err
	}
	for _, g := range generations {
		if err := eraseIn(ctx, tx, g, t, uid, forget); err != nil {
			return fmt.Errorf("in %s: %w", g.Schema, err)
		}
	}
	return nil
}

// eraseIn rewrites the versions of one thing.
func eraseIn[S any](ctx context.Context, tx pgx.Tx, g generation, t table[S], uid uuid.UUID, forget func(*S)) error {
	name := pgx.Identifier{g.Schema, t.name}.Sanitize()
	rows, err := tx.Query(ctx, `SELECT valid_from, state FROM `+name+` WHERE uid = $1`, [16]byte(uid))
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
	for _, v := range versions {
		var state S
		if err := json.Unmarshal(v.State, &state); err != nil {
			return fmt.Errorf("state of a version: %w", err)
		}
		forget(&state)
		set, args, err := t.assignments(state, g.Columns)
		if err != nil {
			return err
		}
		where := fmt.Sprintf(` WHERE uid = $%d AND valid_from = $%d`, len(args)+1, len(args)+2)
		if _, err := tx.Exec(ctx, `UPDATE `+name+` SET `+set+where, append(args, [16]byte(uid), v.From)...); err != nil {
			return err
		}
	}
	return nil
}

// assignments write a state and, as far as they are there, the columns that
// follow from it.
func (t table[S]) assignments(state S, there []string) (string, []any, error) {
	data, err := json.Marshal(state)
	if err != nil {
		return "", nil, err
	}
	set, args := "state = $1", []any{data}
	for i, value := range t.values(state) {
		if slices.Contains(there, t.columns[i]) {
			args = append(args, value)
			set += fmt.Sprintf(", %s = $%d", t.columns[i], len(args))
		}
	}
	return set, args, nil
}
