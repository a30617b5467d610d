package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/user"
)

// erase takes the data of persons that were erased from all versions of their
// account, of the users and of the grants to the auditors they are, those of this
// batch included.
func erase(ctx context.Context, tx pgx.Tx, events []app.Recorded) error {
	for _, e := range events {
		var err error
		switch event := e.Event.(type) {
		case account.PersonErased:
			err = eraseOne(ctx, tx, "account_versions", event.Account, func(s *accountState) { s.State = s.Without(event.Person) })
		case user.UserErased:
			err = eraseOne(ctx, tx, "user_versions", event.User, func(s *userState) { s.Person = s.Person.Erase() })
		case audit.AuditorErased:
			err = eraseOne(ctx, tx, "audit_grant_versions", event.Grant, func(s *auditGrantState) { s.Auditor = s.Auditor.Erase() })
		}
		if err != nil {
			return fmt.Errorf("erase a person: %w", err)
		}
	}
	return nil
}

// eraseOne also goes through the generations beside this one, such as the one
// that a rebuild keeps for going back: nobody follows the log for them.
func eraseOne[S any](ctx context.Context, tx pgx.Tx, table string, uid uuid.UUID, forget func(*S)) error {
	rows, err := tx.Query(ctx, `SELECT table_schema::text FROM information_schema.tables
		WHERE table_name = $1 AND table_schema ~ '^rm_fleet_v[0-9]+'
		ORDER BY table_schema = current_schema() DESC, table_schema`, table)
	if err != nil {
		return err
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		if err := eraseIn(ctx, tx, pgx.Identifier{schema, table}, uid, forget); err != nil {
			return fmt.Errorf("in %s: %w", schema, err)
		}
	}
	return nil
}

// eraseIn rewrites the versions of one thing.
func eraseIn[S any](ctx context.Context, tx pgx.Tx, table pgx.Identifier, uid uuid.UUID, forget func(*S)) error {
	rows, err := tx.Query(ctx, `SELECT valid_from, state FROM `+table.Sanitize()+` WHERE uid = $1`, [16]byte(uid))
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
		left, err := json.Marshal(state)
		if err != nil {
			return err
		}
		if err := rewrite(ctx, tx, table, uid, v.From, left); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(ctx context.Context, tx pgx.Tx, table pgx.Identifier, uid uuid.UUID, from time.Time, state []byte) error {
	set := `state = $3`
	if table[len(table)-1] == "user_versions" { // it searches and sorts by who a user is
		set += `, name_key = '` + account.Erased + `', email_key = '` + account.Erased + `'`
	}
	_, err := tx.Exec(ctx, `UPDATE `+table.Sanitize()+` SET `+set+` WHERE uid = $1 AND valid_from = $2`, [16]byte(uid), from, state)
	return err
}
