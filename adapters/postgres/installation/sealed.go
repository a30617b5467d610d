package installation

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// Sealed is a column of things that are sealed with the installation's key, NULL where
// there is nothing. Each is bound to an owner, which follows from the row's id.
type Sealed struct {
	Table, ID, Column string
	Kind              Kind
	Owner             func(id []byte) []byte
}

// Kind is of which type the ids of rows are.
type Kind int

// The kinds of ids. Their bytes are the 16 of a UUID, or the text.
const (
	UUID Kind = iota
	Text
	Bytes
)

// Itself is the owner that is the id.
func Itself(id []byte) []byte { return id }

// formers are sealed, too.
var formers = Sealed{
	Table: "ops.installation_keys", ID: "id", Column: "sealed", Kind: Text,
	Owner: func(id []byte) []byte { return formerOwner(string(id)) },
}

// bytesOf and ofBytes turn an id into bytes and back, in SQL.
func (k Kind) bytesOf(column string) string {
	return fmt.Sprintf([...]string{"uuid_send(%s)", "convert_to(%s, 'UTF8')", "%s"}[k], column)
}

func (k Kind) ofBytes(value string) string {
	return fmt.Sprintf([...]string{"encode(%s, 'hex')::uuid", "convert_from(%s, 'UTF8')", "%s"}[k], value)
}

func (k Kind) first() []byte {
	if k == UUID {
		return make([]byte, 16)
	}
	return []byte{}
}

// Count is what became of the rows.
type Count struct {
	Anew int64 // sealed with the key in force now
	Lost int64 // none of the keys opens them
}

// page is how many rows are sealed anew in one statement.
const page = 500

// SealAnew seals with the key in force whatever another one has sealed. It can be cut
// off anywhere, and begun again. step, unless it is nil, is told of each page.
func SealAnew(ctx context.Context, pool *pgxpool.Pool, keys *sealing.Keys, columns []Sealed, step func(table string, done Count)) (Count, error) {
	var sum Count
	for _, c := range append([]Sealed{formers}, columns...) {
		after := c.Kind.first()
		for after != nil {
			var done Count
			var err error
			if after, done, err = c.sealPage(ctx, pool, keys, after, page); err != nil {
				return sum, fmt.Errorf("seal %s anew: %w", c.Table, err)
			}
			sum.Anew, sum.Lost = sum.Anew+done.Anew, sum.Lost+done.Lost
			if step != nil {
				step(c.Table, sum)
			}
		}
	}
	return sum, nil
}

// sealPage does the rows after an id, and gives the last id; nil: there are no more.
// A row that somebody changes meanwhile is left alone: it is sealed with the key in
// force then.
func (c Sealed) sealPage(ctx context.Context, pool *pgxpool.Pool, keys *sealing.Keys, after []byte, limit int) (last []byte, done Count, err error) {
	type row struct{ ID, Sealed []byte }
	rows, _ := pool.Query(ctx, fmt.Sprintf(`SELECT %[1]s, %[3]s FROM %[2]s WHERE %[3]s IS NOT NULL AND %[4]s > %[5]s ORDER BY %[4]s LIMIT %[6]d`,
		c.Kind.bytesOf(c.ID), c.Table, c.Column, c.ID, c.Kind.ofBytes("$1::bytea"), limit), after)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, done, postgres.Failure("read", err)
	}
	var ids, before, anew [][]byte
	for _, r := range all {
		if _, err := sealing.Open(keys.InForce(), r.Sealed, c.Owner(r.ID)); err == nil {
			continue
		}
		plain, err := keys.Open(r.Sealed, c.Owner(r.ID))
		if err != nil {
			done.Lost++
			continue
		}
		sealed, err := keys.Seal(plain, c.Owner(r.ID))
		if err != nil {
			return nil, done, err
		}
		ids, before, anew = append(ids, r.ID), append(before, r.Sealed), append(anew, sealed)
	}
	if len(ids) > 0 {
		tag, err := pool.Exec(ctx, fmt.Sprintf(`UPDATE %[1]s t SET %[2]s = v.anew
			FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS v (id, before, anew) WHERE t.%[3]s = %[4]s AND t.%[2]s = v.before`,
			c.Table, c.Column, c.ID, c.Kind.ofBytes("v.id")), ids, before, anew)
		if err != nil {
			return nil, done, postgres.Failure("write", err)
		}
		done.Anew = tag.RowsAffected()
	}
	if len(all) < limit {
		return nil, done, nil
	}
	return all[len(all)-1].ID, done, nil
}
