package fleet

import (
	"context"
	"encoding/json"
	"fmt"

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
	left, err := json.Marshal(account.Person{ID: event.Person}.Erase())
	if err != nil {
		return err
	}
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
		_, err := tx.Exec(ctx, `UPDATE `+pgx.Identifier{schema, "account_versions"}.Sanitize()+`
			SET state = jsonb_set(state, '{Administrator}', $3::jsonb)
			WHERE uid = $1 AND state #>> '{Administrator,id}' = $2 AND state -> 'Administrator' <> $3::jsonb`,
			[16]byte(event.Account), event.Person.String(), left)
		if err != nil {
			return fmt.Errorf("in %s: %w", schema, err)
		}
	}
	return nil
}
