package parquetfiles

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Manifest tells what is in a folder of files: all of one snapshot of the database, at one
// position of the log.
type Manifest struct {
	Position string    `json:"position"`
	At       time.Time `json:"at"`
	Files    []File    `json:"files"`
}

// File is one view.
type File struct {
	View string `json:"view"`
	File string `json:"file"`
	Rows int64  `json:"rows"`
}

// manifestName is the file that is written last: a folder without it is not whole.
const manifestName = "manifest.json"

// Export writes a file for each view of a schema into a folder, which it makes, or which is
// empty. All are of one snapshot; position tells how far that is. Progress is told after
// each file.
func Export(ctx context.Context, pool *pgxpool.Pool, schema string, views []string, dir string,
	position func(context.Context, pgx.Tx) (string, error), progress func(File),
) (m Manifest, err error) {
	if err := emptyFolder(dir); err != nil {
		return m, err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, pool, snapshot, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		if m.Position, err = position(ctx, tx); err != nil {
			return err
		}
		m.At = time.Now().UTC()
		for _, view := range views {
			f := File{View: view, File: view + ".parquet"}
			rows, err := tx.Query(ctx, "SELECT * FROM "+pgx.Identifier{schema, view}.Sanitize())
			if err != nil {
				return fmt.Errorf("read %s: %w", view, err)
			}
			if f.Rows, err = writeFile(filepath.Join(dir, f.File), view, rows); err != nil {
				return err
			}
			m.Files = append(m.Files, f)
			progress(f)
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	return m, os.WriteFile(filepath.Join(dir, manifestName), append(text, '\n'), 0o600)
}

// ErrNotEmpty says that the folder has something in it: nothing is overwritten.
var ErrNotEmpty = errors.New("the folder is not empty")

func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	there, err := os.ReadDir(dir)
	if err == nil && len(there) > 0 {
		err = fmt.Errorf("%s: %w", dir, ErrNotEmpty)
	}
	return err
}

func writeFile(path, name string, rows pgx.Rows) (count int64, err error) {
	defer rows.Close()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	count, err = Write(out, name, rows)
	return count, errors.Join(err, out.Flush(), file.Sync(), file.Close())
}
