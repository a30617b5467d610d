package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// table says how one kind of aggregate is kept in versions.
//
// A version's state is stored as a row struct of this package and not as the
// domain's own state: its JSON tags say what is stored, so a field of the domain
// can be renamed without a change to any row. Of the domain's types a row takes
// over those only that are part of the log's format (a person, a service, an
// allocation) and have tags for good. A row leaves out what lists and the fold
// have no use for, secrets above all.
//
// Only Go reads the state. Whatever SQL filters, sorts or shows is a column.
type table[S any] struct {
	name   string
	prefix string // of the streams
	// evolve folds an event; exists is false before there is anything to show
	// (fences, holds, abandoned creations), and then nothing of it is kept.
	evolve func(S, eventlog.Recorded) S
	exists func(S) bool
	// row is what is stored of a state, parse the state that was stored.
	row   func(S) any
	parse func([]byte) (S, error)
	// columns are those that follow from the state.
	columns func(S) []field
	// personal are the columns that show a person, and what becomes of them when
	// that person is erased.
	personal []erasure
}

// erasure is the SQL of a column's value without a person, whose id %s stands for.
type erasure struct{ column, sql string }

// field is a column with its value in a row.
type field struct {
	name  string
	value any
}

func (t table[S]) columnNames() []string {
	var none S
	var names []string
	for _, c := range t.columns(none) {
		names = append(names, c.name)
	}
	return names
}

func parse[R interface{ state() S }, S any](data []byte) (S, error) {
	var row R
	if err := json.Unmarshal(data, &row); err != nil {
		var none S
		return none, fmt.Errorf("read a stored state: %w", err)
	}
	return row.state(), nil
}

// invitationRow is an invitation without its token.
type invitationRow struct {
	Number  int       `json:"number"`
	Expires time.Time `json:"expires,omitzero"`
}

func invitationRowOf(i account.Invitation) invitationRow {
	return invitationRow{Number: i.Number, Expires: i.Expires}
}

func (r invitationRow) invitation() account.Invitation {
	return account.Invitation{Number: r.Number, Expires: r.Expires}
}

// invitationColumns are until when an invitation can be used, and, where that is
// awaited, when to record that it has run out.
func invitationColumns(i account.Invitation, awaited bool) []field {
	return []field{
		{"invitation_expires", pgtype.Timestamptz{Time: i.Expires, Valid: !i.Expires.IsZero()}},
		{"invitation_due", due(i.Expires, awaited)},
	}
}

// due is when to record that something has run out, where that is awaited. It is
// rounded up to what the database keeps: at that instant it has run out.
func due(expires time.Time, awaited bool) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: expires.Add(time.Microsecond - 1).Truncate(time.Microsecond), Valid: awaited}
}

func date(d calendar.Date) pgtype.Date {
	return pgtype.Date{Time: d.Time(), Valid: !d.IsZero()}
}

func dateFrom(d pgtype.Date) calendar.Date {
	if !d.Valid {
		return 0
	}
	return calendar.DateOf(d.Time)
}

// raw are the values of an array of uids.
func raw(uids []uuid.UUID) [][16]byte {
	all := make([][16]byte, len(uids))
	for i, uid := range uids {
		all[i] = uid
	}
	return all
}
