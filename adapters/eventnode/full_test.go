package eventnode

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A full disk refuses at once, without asking again, until the heartbeat finds
// room.
func TestFullDiskRefusesUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	w := newTestWriter(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := w.session.conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	write := func() error {
		t.Helper()
		r := testAppend("s", anyRevision)
		if err := w.process([]*request{r}); err != nil {
			t.Fatal(err)
		}
		return (<-r.done).err
	}
	exec(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
		END $$;
		CREATE TRIGGER no_room BEFORE INSERT ON eventnode.events EXECUTE FUNCTION no_room()`)
	epoch := w.session.epoch
	if err := write(); !errors.Is(err, errDiskFull) || status.Code(failed(err)) != codes.ResourceExhausted {
		t.Fatalf("%v, want %v", err, errDiskFull)
	}
	exec(`DROP TRIGGER no_room ON eventnode.events`)
	if err := write(); !errors.Is(err, errDiskFull) {
		t.Fatalf("%v: asked before the heartbeat", err)
	}
	if err := w.check(); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	if w.session.epoch != epoch || w.last != 2 {
		t.Fatalf("epoch %d, position %d: the session is the same, and only one append was written", w.session.epoch, w.last)
	}
}

// The database ended for want of room: calls say so.
func TestStarvedDatabaseIsTold(t *testing.T) {
	t.Parallel()
	away := failed(errUnavailable)
	for _, test := range []struct {
		starved func() bool
		err     error
		want    codes.Code
	}{
		{nil, away, codes.Aborted},
		{func() bool { return false }, away, codes.Aborted},
		{func() bool { return true }, away, codes.ResourceExhausted},
		{func() bool { return true }, invalid("x"), codes.InvalidArgument},
		{func() bool { return true }, nil, codes.OK},
	} {
		if got := status.Code(tellStarved(test.starved, test.err)); got != test.want {
			t.Errorf("%v became %v, want %v", test.err, got, test.want)
		}
	}
}
