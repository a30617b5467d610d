package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/device"
)

// sinking is a clock that goes back a second whenever it is looked at.
type sinking struct {
	mu  sync.Mutex
	now time.Time
}

func (c *sinking) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(-time.Second)
	return c.now
}

// No event happens before the one before it, whatever the clock does; what is done
// all or nothing happens at one instant. The invariants look at every stream.
func TestTimeDoesNotGoBackInAStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App = w.with(w.log, func(d *app.Dependencies) { d.Clock = &sinking{now: w.clock.Now()} })
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	r, err := w.Devices.Register(w.ctx, operatorFor(customer), devices.Register{Command: newCommand(), Items: routers(1, 3), Atomic: true})
	require.NoError(t, err)
	name := "Van 7"
	_, err = w.Devices.Edit(w.ctx, operatorFor(customer), devices.Edit{Command: newCommand(), Device: r.Results[0].Name, Name: &name})
	require.NoError(t, err)
	w.invariants()

	registered := map[time.Time]int{}
	for _, e := range w.everything() {
		if _, ok := e.Event.(device.Registered); ok {
			registered[e.Metadata.OccurredAt]++
		}
	}
	require.Len(t, registered, 1, "all at once")
}

// An event happens when it is appended: a long command does not write the past.
func TestTimeIsThatOfTheAppend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	begun := w.clock.Now()
	slow := afterClaims{Log: w.log, do: func() { w.clock.Advance(time.Hour) }}
	_, err := w.with(&slow).Devices.Register(w.ctx, operatorFor(customer), devices.Register{Command: newCommand(), Items: routers(1, 1)})
	require.NoError(t, err)
	last := w.everything()[len(w.everything())-1]
	require.IsType(t, device.Registered{}, last.Event)
	require.Equal(t, begun.Add(time.Hour), last.Metadata.OccurredAt.UTC())
}

// afterClaims does something once the first claim has been made.
type afterClaims struct {
	eventlog.Log
	once sync.Once
	do   func()
}

func (l *afterClaims) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	revision, position, err := l.Log.Append(ctx, stream, expected, events...)
	if strings.HasPrefix(stream, "reservation-") || strings.HasPrefix(stream, "reserved-") {
		l.once.Do(l.do)
	}
	return revision, position, err
}
