package fleet

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Users lists an account's users. Who administers it is the account's to say.
func (r *Reader) Users(ctx context.Context, q query.UserQuery) (query.List[query.UserRow], error) {
	l, err := userList(q)
	if err != nil {
		return query.List[query.UserRow]{}, err
	}
	return answer(ctx, r, "users", q.Freshness, func(tx pgx.Tx) (query.List[query.UserRow], error) {
		owner, err := accountAt(ctx, tx, q.Account, q.Freshness)
		if err != nil {
			return query.List[query.UserRow]{}, err
		}
		return fetch(ctx, tx, l, scanVersion(userTable, owner.listedUser))
	})
}

func userList(q query.UserQuery) (*list, error) {
	l := &list{}
	status := l.status("u", q.Now)
	err := l.versions(versionList{
		table: userTable.name, alias: "u", status: status, asOf: q.Past(),
		keys: map[string]sortKey{
			"name":      {expr: "u.name_key", typ: "text"},
			"email":     {expr: "u.email_key", typ: "text"},
			"createdAt": {expr: "u.created_at", typ: "timestamptz"},
		}, byDefault: "email",
	}, q.Page)
	if err != nil {
		return nil, err
	}
	l.filter("u.account = %s", [16]byte(q.Account))
	switch {
	case q.UID != uuid.Nil:
		l.filter("u.uid = %s", [16]byte(q.UID))
	case len(q.Statuses) == 0:
		l.filter("u.status <> %s", string(user.Revoked))
	}
	eitherOf(l, status, q.Statuses)
	l.search(q.Search, searchable{texts: []string{"u.search LIKE %s"}, uid: "u.uid", part: true})
	return l, nil
}

// listedUser is a user of the account.
func (owner accountState) listedUser(s userState, status user.Status, revision eventlog.Revision) query.UserRow {
	row := query.UserRow{
		UID: s.UID, Account: s.Account, Person: s.Person, Status: status, Administrator: s.Administrator,
		CreatedAt: s.CreatedAt, InvitationExpires: s.Invitation.Expires, Revision: revision,
	}
	for _, id := range s.Profiles {
		row.Profiles = append(row.Profiles, owner.Profile(id))
	}
	if status != user.Pending && status != user.Expired {
		row.Administrator = owner.Administers(s.UID)
	}
	return row
}
