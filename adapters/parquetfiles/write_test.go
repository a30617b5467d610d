package parquetfiles_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/parquetfiles"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// every is a row with a column of each type.
const every = `SELECT n, n::int AS small, 'name ' || n AS text, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid AS uid,
	n % 2 = 0 AS even, n::numeric / 4 AS quarter, date '2026-02-28' + n::int AS day, timestamptz '2026-02-28 12:00:00.123456Z' AS at,
	array_fill('x'::text, ARRAY[(n % 3)::int]) AS list FROM generate_series(0, 5) n
	UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL ORDER BY 1 NULLS LAST`

// row is the same as a program has it that reads the file by its schema.
type row struct {
	N       *int64   `parquet:"n,optional"`
	Small   *int32   `parquet:"small,optional"`
	Text    *string  `parquet:"text,optional"`
	UID     *string  `parquet:"uid,optional"`
	Even    *bool    `parquet:"even,optional"`
	Quarter *float64 `parquet:"quarter,optional"`
	Day     *int32   `parquet:"day,optional,date"`
	At      *int64   `parquet:"at,optional,timestamp(microsecond)"`
	List    []string `parquet:"list,optional,list"`
}

func TestWrite(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	rows, err := pool.Query(t.Context(), every)
	require.NoError(t, err)
	var file bytes.Buffer
	count, err := parquetfiles.Write(&file, "every", rows)
	require.NoError(t, err)
	require.EqualValues(t, 7, count)

	opened, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	require.NoError(t, err)
	var names []string
	for _, f := range opened.Schema().Fields() {
		names = append(names, f.Name())
	}
	require.Equal(t, []string{"n", "small", "text", "uid", "even", "quarter", "day", "at", "list"}, names, "in the order of the query")
	all, err := parquet.Read[row](bytes.NewReader(file.Bytes()), int64(file.Len()))
	require.NoError(t, err)
	require.Len(t, all, 7)
	five := all[5]
	require.EqualValues(t, 5, *five.N)
	require.EqualValues(t, 5, *five.Small)
	require.Equal(t, "name 5", *five.Text)
	require.Equal(t, "00000000-0000-0000-0000-000000000005", *five.UID)
	require.False(t, *five.Even)
	require.InDelta(t, 1.25, *five.Quarter, 0)
	require.Equal(t, time.Date(2026, time.March, 5, 0, 0, 0, 0, time.UTC), time.Unix(int64(*five.Day)*86400, 0).UTC())
	require.Equal(t, time.Date(2026, time.February, 28, 12, 0, 0, 123456000, time.UTC), time.UnixMicro(*five.At).UTC())
	require.Equal(t, []string{"x", "x"}, five.List)
	require.Empty(t, all[0].List)
	require.Equal(t, row{}, all[6], "what is empty stays so")
}

func TestWriteRefusesWhatHasNoPlace(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	for sql, says := range map[string]string{
		`SELECT point(1, 2) AS p`:                         "column p: a type",
		`SELECT date 'infinity' AS d`:                     "column d: the value",
		`SELECT 1 / (n - 2) FROM generate_series(1, 3) n`: "division by zero",
	} {
		rows, err := pool.Query(t.Context(), sql)
		require.NoError(t, err)
		_, err = parquetfiles.Write(new(bytes.Buffer), "some", rows)
		require.ErrorContains(t, err, says)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE SCHEMA analytics; CREATE VIEW analytics.some AS SELECT 1 AS n; CREATE VIEW analytics.none AS SELECT 1 AS n WHERE false`)
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "files")
	position := func(context.Context, pgx.Tx) (string, error) { return "7-7", nil }
	export := func(dir string) (parquetfiles.Manifest, error) {
		return parquetfiles.Export(t.Context(), pool, "analytics", []string{"some", "none"}, dir, position, func(parquetfiles.File) {})
	}
	m, err := export(dir)
	require.NoError(t, err)
	require.Equal(t, "7-7", m.Position)
	require.Equal(t, []parquetfiles.File{{"some", "some.parquet", 1}, {"none", "none.parquet", 0}}, m.Files)
	require.FileExists(t, filepath.Join(dir, "manifest.json"))
	for _, f := range m.Files {
		text, err := os.ReadFile(filepath.Join(dir, f.File))
		require.NoError(t, err)
		opened, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
		require.NoError(t, err)
		require.Equal(t, f.Rows, opened.NumRows())
	}
	_, err = export(dir)
	require.ErrorIs(t, err, parquetfiles.ErrNotEmpty)
}
