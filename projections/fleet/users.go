package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Users lists an account's users. Who administers it is the account's to say.
func (r *Reader) Users(ctx context.Context, q query.UserQuery) (query.List[query.UserRow], error) {
	l, err := userList(q)
	if err != nil {
		return query.List[query.UserRow]{}, err
	}
	return answer(ctx, r, "users", q.Freshness, func(tx pgx.Tx, page *query.List[query.UserRow]) error {
		owner, err := accountAt(ctx, tx, q)
		if err != nil {
			return err
		}
		if *page, err = fetch(ctx, tx, l, scanUser); err != nil {
			return err
		}
		for i, row := range page.Items {
			for n, p := range row.Profiles {
				row.Profiles[n] = owner.Profile(p.ID)
			}
			if row.Status != user.Pending && row.Status != user.Expired {
				page.Items[i].Administrator = owner.Administers(row.UID)
			}
		}
		return nil
	})
}

// accountAt is the account whose users are asked for, empty when it was not
// there then.
func accountAt(ctx context.Context, tx pgx.Tx, q query.UserQuery) (accountState, error) {
	var s accountState
	var l list
	l.filter("a.uid = %s", [16]byte(q.Account))
	l.where = append(l.where, l.valid("a", q.AsOf))
	var state []byte
	err := tx.QueryRow(ctx, "SELECT a.state FROM account_versions a"+conditions(l.where), l.args...).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(state, &s)
}

func userList(q query.UserQuery) (*list, error) {
	l := &list{from: "user_versions u"}
	status := l.status("u", q.Now)
	l.columns = "u.state, u.revision, " + status
	keys := map[string]sortKey{
		"name":      {expr: "u.name_key", typ: "text"},
		"email":     {expr: "u.email_key", typ: "text"},
		"status":    {expr: status, typ: "text"},
		"createdAt": {expr: "u.created_at", typ: "timestamptz"},
	}
	if err := l.page(q.Page, keys, "email", "u.uid"); err != nil {
		return nil, err
	}
	l.where = append(l.where, l.valid("u", q.AsOf))
	l.filter("u.account = %s", [16]byte(q.Account))
	switch {
	case q.UID != uuid.Nil:
		l.filter("u.uid = %s", [16]byte(q.UID))
	case q.Status == "":
		l.filter("u.status <> %s", string(user.Revoked))
	}
	if q.Status != "" {
		l.filter(status+" = %s", string(q.Status))
	}
	l.contains(q.Search, "u.name_key", "u.email_key")
	return l, nil
}

func scanUser() ([]any, func() (query.UserRow, error)) {
	var row query.UserRow
	var state []byte
	return []any{&state, &row.Revision, &row.Status}, func() (query.UserRow, error) {
		var s userState
		if err := json.Unmarshal(state, &s); err != nil {
			return row, fmt.Errorf("state of a user: %w", err)
		}
		row.UID, row.Account, row.Person = s.UID, s.Account, s.Person
		for _, id := range s.Profiles {
			row.Profiles = append(row.Profiles, rights.Profile{ID: id})
		}
		row.Administrator = s.Administrator
		row.CreatedAt, row.InvitationExpires = s.CreatedAt, s.Invitation.Expires
		return row, nil
	}
}
