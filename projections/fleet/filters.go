package fleet

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
)

// valid is the condition that a version holds: now, or at a past instant.
func (l *list) valid(alias string, asOf time.Time) string {
	if asOf.IsZero() {
		return current(alias)
	}
	return fmt.Sprintf("%[1]s.valid_from <= %[2]s AND %[2]s < %[1]s.valid_to", alias, l.arg(asOf))
}

// current is the condition that a version holds now.
func current(alias string) string { return alias + ".valid_to = 'infinity'" }

// notRunOut leaves only partnerships that have not ended by themselves.
func (l *list) notRunOut(alias string, now time.Time) {
	if !now.IsZero() {
		l.filter(alias+".until > %s", now)
	}
}

// scope limits a column to some accounts; nil is no limit.
func (l *list) scope(column string, accounts []uuid.UUID) {
	switch {
	case accounts == nil:
	case len(accounts) == 1: // an index on more columns keeps its order
		l.filter(column+" = %s", [16]byte(accounts[0]))
	default:
		l.filter(column+" = ANY (%s::uuid[])", raw(accounts))
	}
}

// eitherOf leaves the rows in which an expression is one of some values, if there
// are any. A text that no column can hold is none.
func eitherOf[V ~string](l *list, expr string, wanted []V) {
	if len(wanted) == 0 {
		return
	}
	values := []string{}
	for _, v := range wanted {
		if storable(string(v)) {
			values = append(values, string(v))
		}
	}
	if len(values) == 1 { // an index on more columns keeps its order
		l.filter(expr+" = %s", values[0])
		return
	}
	l.filter(expr+" = ANY (%s::text[])", values)
}

// status is that of an account or a user; with a time, as of then.
func (l *list) status(alias string, now time.Time) string {
	if now.IsZero() {
		return alias + ".status"
	}
	return statusAt(alias, l.arg(now))
}

// statusAt takes expiry of the invitation into account.
func statusAt(alias, now string) string {
	return fmt.Sprintf(`(CASE WHEN %[1]s.status = '%[2]s' AND %[1]s.invitation_expires <= %[3]s THEN '%[4]s' ELSE %[1]s.status END COLLATE "C")`,
		alias, account.Pending, now, account.Expired)
}
