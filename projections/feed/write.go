package feed

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// write numbers the items and keeps them. One that is there already, such as an end that
// a device has come back to, is not told again.
func (w *work) write(ctx context.Context) error {
	if err := w.subjects.write(ctx, w.tx); err != nil {
		return err
	}
	if err := w.leaveOutTold(ctx); err != nil || len(w.items) == 0 {
		return err
	}
	var first int64
	if err := w.tx.QueryRow(ctx, `UPDATE head SET items = items + $1 RETURNING items - $1 + 1`, len(w.items)).Scan(&first); err != nil {
		return fmt.Errorf("number items: %w", err)
	}
	var told [][]any
	rows := make([][]any, len(w.items))
	for i, it := range w.items {
		n := first + int64(i)
		for _, uid := range it.audience.accounts {
			told = append(told, []any{[16]byte(uid), n})
		}
		var device *[16]byte
		if it.device != uuid.Nil {
			device = (*[16]byte)(&it.device)
		}
		rows[i] = []any{
			n, [16]byte(it.event), it.kind, it.stream, int64(it.revision), string(it.audience.need), raw(it.audience.accounts), it.audience.inEach,
			device, it.computed, it.commit, it.prepared,
		}
	}
	columns := []string{"n", "event", "type", "stream", "revision", "need", "accounts", "in_each", "device", "computed", "commit_position", "prepare_position"}
	if _, err := w.tx.CopyFrom(ctx, pgx.Identifier{"items"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("add items: %w", err)
	}
	if _, err := w.tx.CopyFrom(ctx, pgx.Identifier{"told"}, []string{"account", "n"}, pgx.CopyFromRows(told)); err != nil {
		return fmt.Errorf("add who is told: %w", err)
	}
	return nil
}

// leaveOutTold drops computed items that were told before.
func (w *work) leaveOutTold(ctx context.Context) error {
	var computed [][16]byte
	for _, it := range w.items {
		if it.computed != nil {
			computed = append(computed, it.event)
		}
	}
	if len(computed) == 0 {
		return nil
	}
	rows, _ := w.tx.Query(ctx, `SELECT event FROM items WHERE event = ANY ($1)`, computed)
	found, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("look for what was told: %w", err)
	}
	told := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		told[id] = true
	}
	kept := w.items[:0]
	for _, it := range w.items {
		if it.computed != nil {
			if told[it.event] {
				continue
			}
			told[it.event] = true
		}
		kept = append(kept, it)
	}
	w.items = kept
	return nil
}

func (s *subjects) write(ctx context.Context, tx pgx.Tx) error {
	var batch pgx.Batch
	for name := range s.made {
		batch.Queue(`INSERT INTO subjects (subject, accounts) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET accounts = excluded.accounts`,
			name, raw(s.accounts[name]))
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("write subjects: %w", err)
	}
	return nil
}

func raw(uids []uuid.UUID) [][16]byte {
	all := make([][16]byte, len(uids))
	for i, uid := range uids {
		all[i] = uid
	}
	return all
}
