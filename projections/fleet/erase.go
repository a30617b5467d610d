package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
)

// erase takes the data of persons that were erased from all versions of their
// account, those of this batch included.
func erase(ctx context.Context, tx pgx.Tx, events []app.Recorded) error {
	for _, e := range events {
		if event, ok := e.Event.(account.PersonErased); ok {
			if err := eraseOne(ctx, tx, event); err != nil {
				return fmt.Errorf("erase a person: %w", err)
			}
		}
	}
	return nil
}

// eraseOne also goes through the generations beside this one, such as the one
// that a rebuild keeps for going back: nobody follows the log for them.
func eraseOne(ctx context.Context, tx pgx.Tx, event account.PersonErased) error {
	rows, err := tx.Query(ctx, `SELECT table_schema::text FROM information_schema.tables
		WHERE table_name = 'account_versions' AND table_schema ~ '^rm_fleet_v[0-9]+'
		ORDER BY table_schema = current_schema() DESC, table_schema`)
	if err != nil {
		return err
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		if err := eraseIn(ctx, tx, pgx.Identifier{schema, "account_versions"}.Sanitize(), event); err != nil {
			return fmt.Errorf("in %s: %w", schema, err)
		}
	}
	return nil
}

// eraseIn rewrites the states of one account that still show the person.
func eraseIn(ctx context.Context, tx pgx.Tx, table string, event account.PersonErased) error {
	rows, err := tx.Query(ctx, `SELECT valid_from, state FROM `+table+`
		WHERE uid = $1 AND position($2 in state::text) > 0`, [16]byte(event.Account), event.Person.String())
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
		var state accountState
		if err := json.Unmarshal(v.State, &state); err != nil {
			return fmt.Errorf("state of an account: %w", err)
		}
		state.State = state.Without(event.Person)
		left, err := json.Marshal(state)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE `+table+` SET state = $3 WHERE uid = $1 AND valid_from = $2`, [16]byte(event.Account), v.From, left)
		if err != nil {
			return err
		}
	}
	return nil
}
