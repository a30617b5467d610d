package app

import (
	"context"
	"sync"
)

// turns lets commands that want to change the same stream go one after the
// other, in the order in which they came. It is about not doing work in vain:
// what keeps a stream whole is the expected revision, also against the commands
// of other instances, which take turns of their own.
type turns struct {
	mu sync.Mutex
	by map[string]*turn
}

// turn is the right to change a stream: who holds its one place has it.
type turn struct {
	place chan struct{}
	want  int // who has it or waits for it
}

// take waits for the stream's turn, until the context ends. Who gets it calls
// done when it is over.
func (t *turns) take(ctx context.Context, stream string) (done func(), err error) {
	mine := t.want(stream)
	select {
	case mine.place <- struct{}{}:
		return func() { <-mine.place; t.leave(stream, mine) }, nil
	case <-ctx.Done():
		t.leave(stream, mine)
		return nil, ctx.Err()
	}
}

func (t *turns) want(stream string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[string]*turn{}
	}
	mine, ok := t.by[stream]
	if !ok {
		mine = &turn{place: make(chan struct{}, 1)}
		t.by[stream] = mine
	}
	mine.want++
	return mine
}

func (t *turns) leave(stream string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.want--; mine.want == 0 {
		delete(t.by, stream)
	}
}
