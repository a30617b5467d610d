package fleet

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Accounts lists accounts.
func (r *Reader) Accounts(ctx context.Context, q query.AccountQuery) (query.List[query.AccountRow], error) {
	l, err := accountList(q)
	if err != nil {
		return query.List[query.AccountRow]{}, err
	}
	return answer(ctx, r, "accounts", q.Freshness, func(tx pgx.Tx) (query.List[query.AccountRow], error) {
		return fetch(ctx, tx, l, scanVersion(accountTable, listedAccount))
	})
}

func accountList(q query.AccountQuery) (*list, error) {
	l := &list{}
	status := l.status("a", q.Now)
	err := l.versions(versionList{
		table: accountTable.name, alias: "a", status: status, asOf: q.Past(),
		keys: map[string]sortKey{
			"name":      {expr: "a.name_key", typ: "text"},
			"type":      {expr: "a.type", typ: "text"},
			"createdAt": {expr: "a.created_at", typ: "timestamptz"},
		}, byDefault: "name",
	}, q.Page)
	if err != nil {
		return nil, err
	}
	l.scope("a.uid", q.Accounts)
	eitherOf(l, "a.type", q.Types)
	eitherOf(l, status, q.Statuses)
	l.search(q.Search, searchableAccount)
	return l, nil
}

// searchableAccount is an account a by its name, uid and administrators.
var searchableAccount = searchable{
	texts: []string{"a.search LIKE %s", "EXISTS (SELECT FROM jsonb_each_text(a.people) p WHERE p.value LIKE %s)"}, uid: "a.uid", part: true,
}

func listedAccount(s accountState, status account.Status, revision eventlog.Revision) query.AccountRow {
	row := query.AccountRow{
		UID: s.UID, Name: s.Name, Type: s.Type, Status: status, Offers: s.Offers, Administrators: administrators(s.State),
		CreatedAt: s.CreatedAt, InvitationExpires: s.Invitation.Expires, Billing: s.Billing, ChannelContacts: s.ChannelContacts,
		Security: s.Security, Profiles: s.Profiles, Revision: revision,
	}
	for _, x := range s.ExternalAccounts {
		row.ExternalAccounts = append(row.ExternalAccounts, query.ExternalAccountRow{
			ExternalAccount: x, SecretSet: s.Status != account.Closed, SecretSince: s.SecretsSince[x.UID],
		})
	}
	return row
}

// accountAt is an account, empty when it was not there then.
func accountAt(ctx context.Context, tx pgx.Tx, uid uuid.UUID, f query.Freshness) (accountState, error) {
	var l list
	l.filter("a.uid = %s", [16]byte(uid))
	l.where = append(l.where, l.valid("a", f.Past()))
	var stored []byte
	err := tx.QueryRow(ctx, "SELECT a.state FROM account_versions a"+conditions(l.where), l.args...).Scan(&stored)
	if errors.Is(err, pgx.ErrNoRows) {
		return accountState{}, nil
	}
	if err != nil {
		return accountState{}, err
	}
	return accountTable.parse(stored)
}

// administrators are the account's; before it is active the one invited.
func administrators(s account.State) []account.Person {
	if len(s.Administrators) > 0 || s.Administrator.Email == "" && s.Administrator.ID == uuid.Nil {
		return s.Administrators
	}
	return []account.Person{s.Administrator}
}
