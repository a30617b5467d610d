package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Accounts lists accounts.
func (r *Reader) Accounts(ctx context.Context, q query.AccountQuery) (query.List[query.AccountRow], error) {
	l, err := accountList(q)
	if err != nil {
		return query.List[query.AccountRow]{}, err
	}
	return answer(ctx, r, "accounts", q.Freshness, func(tx pgx.Tx, page *query.List[query.AccountRow]) error {
		*page, err = fetch(ctx, tx, l, scanAccount)
		return err
	})
}

func accountList(q query.AccountQuery) (*list, error) {
	l := &list{from: "account_versions a"}
	status := l.status("a", q.Now)
	l.columns = "a.state, a.revision, " + status
	keys := map[string]sortKey{
		"name":      {expr: "a.name_key", typ: "text"},
		"type":      {expr: "a.type", typ: "text"},
		"status":    {expr: status, typ: "text"},
		"createdAt": {expr: "a.created_at", typ: "timestamptz"},
	}
	if err := l.page(q.Page, keys, "name", "a.uid"); err != nil {
		return nil, err
	}
	l.where = append(l.where, l.valid("a", q.AsOf))
	l.scope("a.uid", q.Accounts)
	if q.Type != "" {
		l.filter("a.type = %s", string(q.Type))
	}
	if q.Status != "" {
		l.filter(status+" = %s", string(q.Status))
	}
	l.contains(q.Search, "a.name_key", "a.uid::text")
	return l, nil
}

func scanAccount() ([]any, func() (query.AccountRow, error)) {
	var row query.AccountRow
	var state []byte
	return []any{&state, &row.Revision, &row.Status}, func() (query.AccountRow, error) {
		var s accountState
		if err := json.Unmarshal(state, &s); err != nil {
			return row, fmt.Errorf("state of an account: %w", err)
		}
		row.UID, row.Name, row.Type, row.Offers = s.UID, s.Name, s.Type, s.Offers
		row.Administrators = administrators(s.State)
		row.CreatedAt, row.InvitationExpires = s.CreatedAt, s.Invitation.Expires
		row.Billing, row.ChannelContacts, row.Security = s.Billing, s.ChannelContacts, s.Security
		row.Profiles = s.Profiles
		for _, x := range s.ExternalAccounts {
			row.ExternalAccounts = append(row.ExternalAccounts, query.ExternalAccountRow{
				ExternalAccount: x, SecretSet: s.Status != account.Closed, SecretSince: s.SecretsSince[x.UID],
			})
		}
		return row, nil
	}
}

// Security is what an account asks of its users.
func (r *Reader) Security(ctx context.Context, uid uuid.UUID) (account.Security, error) {
	var security account.Security
	_, err := r.read(ctx, query.Freshness{}, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT state->'Security' FROM account_versions WHERE uid = $1 AND valid_to = 'infinity'`, [16]byte(uid)).Scan(&security)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return account.Security{}, fmt.Errorf("security of an account: %w", err)
	}
	return security, nil
}

// administrators are the account's; before it is active the one invited.
func administrators(s account.State) []account.Person {
	if len(s.Administrators) > 0 || s.Administrator.Email == "" && s.Administrator.ID == uuid.Nil {
		return s.Administrators
	}
	return []account.Person{s.Administrator}
}
