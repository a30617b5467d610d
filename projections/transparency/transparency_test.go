package transparency_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections/transparency"
)

func event(n int) eventlog.Recorded {
	return eventlog.Recorded{
		ID: uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%d", n)), Stream: "device-1", Revision: eventlog.Revision(n),
		Event: eventlog.Sealed{Name: "Renamed", Data: fmt.Appendf(nil, `{"n":%d}`, n), Metadata: []byte(`{}`)},
	}
}

// root is that of RFC 6962, section 2.1, written down once more.
func root(leaves [][]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	left, right := root(leaves[:k]), root(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// However the log is cut into batches, the tree is the one of the standard; and each
// hash that tiles begin with is there.
func TestTheTreeIsThatOfTheStandard(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.SampledFrom([]int{1, 2, 255, 256, 257, 511, 512, 700, 1025}).Draw(rt, "events")
		cut := rapid.IntRange(1, 600).Draw(rt, "batch")
		tx, err := pool.Begin(rt.Context())
		require.NoError(rt, err)
		defer func() { _ = tx.Rollback(t.Context()) }()
		p := transparency.Projection()
		_, err = tx.Exec(rt.Context(), `CREATE SCHEMA tree; SET LOCAL search_path TO tree`)
		require.NoError(rt, err)
		for _, sql := range p.Tables {
			_, err := tx.Exec(rt.Context(), sql)
			require.NoError(rt, err)
		}
		var leaves [][]byte
		var batch []eventlog.Recorded
		for n := range total {
			e := event(n)
			leaf, err := e.Leaf()
			require.NoError(rt, err)
			leaves = append(leaves, leaf)
			if n == total/2 {
				batch = append(batch, eventlog.Recorded{Stream: eventlog.IdentityStream, Event: eventlog.Sealed{}})
			}
			if batch = append(batch, e); len(batch) >= cut || n == total-1 {
				require.NoError(rt, p.Apply(rt.Context(), tx, batch))
				batch = nil
			}
		}
		hash, err := tlog.TreeHash(int64(total), stored(rt, tx, total))
		require.NoError(rt, err)
		require.Equal(rt, tlog.Hash(root(leaves)), hash)
	})
}

// stored reads what is kept, and fails for a hash that should be there.
func stored(rt *rapid.T, tx pgx.Tx, total int) tlog.HashReader {
	tile := func(t tlog.Tile) []byte {
		sql, args := `SELECT string_agg(hash, '' ORDER BY n), count(*) FROM leaves WHERE n >= $1 AND n < $2`, []any{t.N << 8, t.N<<8 + int64(t.W)}
		if t.L > 0 {
			sql, args = `SELECT string_agg(hash, '' ORDER BY n), count(*) FROM roots WHERE n >= $1 AND n < $2 AND level = $3`, append(args, t.L)
		}
		var data []byte
		var count int
		require.NoError(rt, tx.QueryRow(rt.Context(), sql, args...).Scan(&data, &count))
		require.Equal(rt, t.W, count, "%s of %d", t.Path(), total)
		return data
	}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		all := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			t := tlog.TileForIndex(8, index)
			hash, err := tlog.HashFromTile(t, tile(t), index)
			if err != nil {
				return nil, err
			}
			all[i] = hash
		}
		return all, nil
	})
}

func init() { _ = flag.Set("rapid.checks", "20") }
