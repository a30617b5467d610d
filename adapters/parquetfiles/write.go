package parquetfiles

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowsPerGroup bounds what is kept in memory of a file that is being written.
const rowsPerGroup = 50_000

// Write writes the rows as one file, under the names and in the order of their columns, and
// tells how many there were. All columns may be empty. A column of another type than text,
// uuid, integers, numeric, double precision, boolean, date, timestamptz and arrays of
// text is an error before anything is written.
func Write(w io.Writer, name string, rows pgx.Rows) (count int64, err error) {
	defer rows.Close()
	columns, err := columnsOf(rows.FieldDescriptions())
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	schema := parquet.NewSchema(name, columns.group())
	out := parquet.NewWriter(w, schema, parquet.Compression(&zstd.Codec{}), parquet.MaxRowsPerRowGroup(rowsPerGroup))
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return count, err
		}
		row, err := columns.row(values)
		if err != nil {
			return count, fmt.Errorf("%s, row %d: %w", name, count+1, err)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return count, err
		}
		count++
	}
	return count, errors.Join(rows.Err(), out.Close())
}

// column is one of a file: its type there, and how a value gets it.
type column struct {
	name  string
	list  bool // of text
	node  parquet.Node
	value func(any) (parquet.Value, error)
}

type columns []column

func columnsOf(fields []pgconn.FieldDescription) (columns, error) {
	all := make(columns, len(fields))
	for i, f := range fields {
		kind, ok := kinds[f.DataTypeOID]
		if !ok {
			return nil, fmt.Errorf("column %s: a type (%d) that files have no word for", f.Name, f.DataTypeOID)
		}
		kind.name = f.Name
		all[i] = kind
	}
	return all, nil
}

// row is a row in the levels that the format counts in: an empty value is defined one
// level less.
func (c columns) row(values []any) (parquet.Row, error) {
	row := make(parquet.Row, 0, len(values))
	for i, of := range c {
		v := values[i]
		if of.list {
			row = appendList(row, i, v)
			continue
		}
		if v == nil {
			row = append(row, parquet.NullValue().Level(0, 0, i))
			continue
		}
		value, err := of.value(v)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", of.name, err)
		}
		row = append(row, value.Level(0, 1, i))
	}
	return row, nil
}

// appendList adds a list: none is defined 0 levels, one without elements 1.
func appendList(row parquet.Row, column int, v any) parquet.Row {
	list, ok := v.([]any)
	switch {
	case !ok:
		return append(row, parquet.NullValue().Level(0, 0, column))
	case len(list) == 0:
		return append(row, parquet.NullValue().Level(0, 1, column))
	}
	for n, element := range list {
		value := parquet.ByteArrayValue(fmt.Append(nil, element))
		row = append(row, value.Level(min(n, 1), 2, column))
	}
	return row
}

func (c columns) group() parquet.Node {
	group := parquet.Group{}
	for _, of := range c {
		group[of.name] = parquet.Optional(of.node)
	}
	return ordered{group, c}
}

// ordered is a group whose columns keep their order; the library sorts them.
type ordered struct {
	parquet.Group
	columns columns
}

// Fields implements parquet.Node.
func (o ordered) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range o.Group.Fields() {
		byName[f.Name()] = f
	}
	all := make([]parquet.Field, len(o.columns))
	for i, of := range o.columns {
		all[i] = byName[of.name]
	}
	return all
}

// kinds are what types of PostgreSQL become.
var kinds = map[uint32]column{
	pgtype.TextOID:        {node: parquet.String(), value: text},
	pgtype.VarcharOID:     {node: parquet.String(), value: text},
	pgtype.NameOID:        {node: parquet.String(), value: text},
	pgtype.UUIDOID:        {node: parquet.String(), value: uid},
	pgtype.Int4OID:        {node: parquet.Int(32), value: integer},
	pgtype.Int8OID:        {node: parquet.Int(64), value: integer},
	pgtype.NumericOID:     {node: parquet.Leaf(parquet.DoubleType), value: number},
	pgtype.Float8OID:      {node: parquet.Leaf(parquet.DoubleType), value: number},
	pgtype.BoolOID:        {node: parquet.Leaf(parquet.BooleanType), value: truth},
	pgtype.DateOID:        {node: parquet.Date(), value: day},
	pgtype.TimestamptzOID: {node: parquet.Timestamp(parquet.Microsecond), value: instant},
	pgtype.TextArrayOID:   {node: parquet.List(parquet.String()), list: true},
}

var epoch = time.Unix(0, 0).UTC()

// errUnknown is a value that its column's type does not have; infinity is one.
func errUnknown(v any) error { return fmt.Errorf("the value %v (%T) has no place in a file", v, v) }

func text(v any) (parquet.Value, error) {
	s, ok := v.(string)
	if !ok {
		return parquet.Value{}, errUnknown(v)
	}
	return parquet.ByteArrayValue([]byte(s)), nil
}

func uid(v any) (parquet.Value, error) {
	raw, ok := v.([16]byte)
	if !ok {
		return parquet.Value{}, errUnknown(v)
	}
	return parquet.ByteArrayValue([]byte(uuid.UUID(raw).String())), nil
}

func integer(v any) (parquet.Value, error) {
	switch n := v.(type) {
	case int32:
		return parquet.Int32Value(n), nil
	case int64:
		return parquet.Int64Value(n), nil
	}
	return parquet.Value{}, errUnknown(v)
}

func number(v any) (parquet.Value, error) {
	switch n := v.(type) {
	case float64:
		return parquet.DoubleValue(n), nil
	case pgtype.Numeric:
		f, err := n.Float64Value()
		return parquet.DoubleValue(f.Float64), err
	}
	return parquet.Value{}, errUnknown(v)
}

func truth(v any) (parquet.Value, error) {
	b, ok := v.(bool)
	if !ok {
		return parquet.Value{}, errUnknown(v)
	}
	return parquet.BooleanValue(b), nil
}

func day(v any) (parquet.Value, error) {
	t, ok := v.(time.Time)
	if !ok {
		return parquet.Value{}, errUnknown(v)
	}
	return parquet.Int32Value(int32(t.Sub(epoch) / (24 * time.Hour))), nil
}

func instant(v any) (parquet.Value, error) {
	t, ok := v.(time.Time)
	if !ok {
		return parquet.Value{}, errUnknown(v)
	}
	return parquet.Int64Value(t.UnixMicro()), nil
}
