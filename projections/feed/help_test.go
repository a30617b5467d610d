package feed_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/feed"
)

var (
	day0               = calendar.On(2027, time.June, 1)
	customer, reseller = uuid.UUID{1}, uuid.UUID{2}
)

// history makes recorded events as a log would hold them.
type history struct {
	events    []eventlog.Recorded
	revisions map[string]eventlog.Revision
}

func newHistory() *history { return &history{revisions: map[string]eventlog.Revision{}} }

func (h *history) add(stream string, events ...domain.Event) {
	for _, e := range events {
		n := uint64(len(h.events) + 1)
		h.events = append(h.events, eventlog.Recorded{
			ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, n)), Stream: stream, Revision: h.revisions[stream],
			Position: eventlog.Position{Commit: 10 * n, Prepare: 10 * n}, Event: e,
		})
		h.revisions[stream]++
	}
}

// mark says that a day has begun.
func (h *history) mark(day calendar.Date) { h.add(eventlog.DaysStream, eventlog.DayBegun{Day: day}) }

// device is what happens to a device.
func (h *history) device(serial string, events ...domain.Event) uuid.UUID {
	uid := device.UID(serial)
	h.add(device.Aggregate.Stream(uid), events...)
	return uid
}

func registered(serial string, owner uuid.UUID, end calendar.Date) device.Registered {
	return device.Registered{
		Device: device.UID(serial), SerialNumber: serial, Account: owner, LifeCycle: device.Active,
		Service: device.Service{End: end, AutoRenew: owner == reseller},
	}
}

var projection = feed.Projection(query.DefaultWindows)

// model is a database with the feed, filled without a log.
type model struct {
	pool   *pgxpool.Pool
	reader *feed.Reader
	done   int // events applied
}

func newModel(t testing.TB) *model {
	t.Helper()
	pool := pgtest.Pool(t)
	runner, err := projections.New(projections.Options{Pool: pool, Source: "test"}, []projections.Projection{projection}, nil)
	require.NoError(t, err)
	require.NoError(t, runner.Prepare(t.Context()))
	return &model{pool: pool, reader: feed.NewReader(pool, runner.WaitQuietly)}
}

// given starts a case of the feed, in the words of domaintest.
func given(t testing.TB) (*model, *history) {
	t.Helper()
	return newModel(t), newHistory()
}

// apply projects a batch and moves the checkpoint, as the runner does.
func (m *model) apply(t require.TestingT, batch []eventlog.Recorded) {
	ctx := context.Background()
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		p := batch[len(batch)-1].Position
		if _, err := tx.Exec(ctx, `UPDATE ops.projector_checkpoint SET commit_position = $1, prepare_position = $2`, p.Commit, p.Prepare); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SET LOCAL search_path TO `+projection.Schema()+`, public`); err != nil {
			return err
		}
		return projection.Apply(ctx, tx, batch)
	})
	require.NoError(t, err)
	m.done += len(batch)
}

// whenProjected applies what the history has and the model has not, as one batch.
func (m *model) whenProjected(t require.TestingT, h *history) {
	if m.done < len(h.events) {
		m.apply(t, h.events[m.done:])
	}
}

// items are all items of the feed.
func (m *model) items(t testing.TB) []query.FeedItem {
	t.Helper()
	page, err := m.reader.Items(t.Context(), query.FeedQuery{Upto: 1 << 40, Limit: 1 << 20})
	require.NoError(t, err)
	return page.Found
}

// due are the computed items: the day, the type, the window and the end of each.
func (m *model) due(t testing.TB) []string {
	t.Helper()
	all := []string{}
	for _, i := range m.items(t) {
		if i.Computed != nil {
			data := i.Computed.Data.(map[string]any)
			window, _ := data["window"].(string)
			all = append(all, fmt.Sprint(i.Computed.On, " ", i.Type, " ", window, " of ", data["serviceEnd"]))
		}
	}
	return all
}

// then expects computed items.
func (m *model) then(t testing.TB, want ...string) {
	t.Helper()
	require.Equal(t, append([]string{}, want...), m.due(t))
}
