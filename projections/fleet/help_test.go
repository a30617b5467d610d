package fleet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

var (
	day0  = calendar.On(2026, time.March, 1)
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// history makes recorded events as a log would hold them: a minute apart by the
// service's clock, now. When the store recorded them says nothing of that.
type history struct {
	events    []eventlog.Recorded
	revisions map[string]eventlog.Revision
	now       time.Time
}

// copied is when the store has recorded everything: the log is a copy.
var copied = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)

// happened is when the event with the index happened.
func (h *history) happened(i int) time.Time {
	var times eventlog.Times
	for _, e := range h.events[:i] {
		if e.Stream == h.events[i].Stream {
			times.Next(e)
		}
	}
	return times.Next(h.events[i])
}

func newHistory() *history {
	return &history{revisions: map[string]eventlog.Revision{}, now: start}
}

func (h *history) add(stream string, events ...domain.Event) {
	for _, e := range events {
		h.now = h.now.Add(time.Minute)
		n := uint64(len(h.events) + 1)
		h.events = append(h.events, eventlog.Recorded{
			ID: uuid.New(), Stream: stream, Revision: h.revisions[stream], Position: eventlog.Position{Commit: 10 * n, Prepare: 10 * n},
			RecordedAt: copied, Event: e, Metadata: eventlog.Metadata{OccurredAt: h.now},
		})
		h.revisions[stream]++
	}
}

func (h *history) account(name string, typ account.Type, reseller uuid.UUID) uuid.UUID {
	uid := uuid.New()
	h.add(account.Aggregate.Stream(uid), account.AccountCreated{
		Account: uid, Name: name, Type: typ, Offers: catalogue.Offers, Reseller: reseller,
		Administrator: account.Person{ID: uuid.New(), Email: fmt.Sprintf("admin@%s.example", uid), Name: "Admin of " + name},
		Invitation:    account.Invitation{Number: 1, TokenHash: []byte("secret"), Expires: h.now.AddDate(0, 0, 7)},
	})
	return uid
}

func (h *history) customer(name string, reseller uuid.UUID) uuid.UUID {
	uid := h.account(name, account.Standard, reseller)
	p := partnership.UID(reseller, uid)
	h.add(partnership.Aggregate.Stream(p), partnership.PartnershipEstablished{Partnership: p, Reseller: reseller, Customer: uid, Profile: rights.ReadOnly})
	return uid
}

func registered(serial string, owner uuid.UUID, end calendar.Date) device.Registered {
	return device.Registered{
		Device: device.UID(serial), SerialNumber: serial, Factor: device.Factor{Kind: device.ESN, Value: "E" + serial},
		Model: "RV50X", Account: owner, Name: "Name of " + serial, LifeCycle: device.Active, FirstRegistered: day0,
		Service:  device.Service{Offer: catalogue.Complete, Start: day0, End: end, AnchorDay: 1},
		Included: device.Allocation{Source: "included", Until: end},
	}
}

func (h *history) device(serial string, owner uuid.UUID, end calendar.Date, more ...domain.Event) uuid.UUID {
	uid := device.UID(serial)
	h.add(device.Aggregate.Stream(uid), append([]domain.Event{registered(serial, owner, end)}, more...)...)
	return uid
}

// readModel is the projection as the service runs it.
func readModel() projections.Projection {
	p := fleet.Projection()
	p.Views = fleet.Analytics{Rules: device.DefaultRules, Windows: testWindows, Role: analysts.Group}.Views()
	return p
}

// model is a database with the read model, filled without a log.
type model struct {
	pool   *pgxpool.Pool
	reader *fleet.Reader
	done   int // events applied
}

func newModel(t testing.TB) *model {
	t.Helper()
	pool := pgtest.Pool(t)
	require.NoError(t, analysts.EnsureGroup(t.Context(), pool))
	return &model{pool: pool, reader: fleet.NewReader(pool, prepare(t, pool, readModel()).WaitFor)}
}

func prepare(t testing.TB, pool *pgxpool.Pool, p projections.Projection) *projections.Runner {
	t.Helper()
	runner, err := projections.New(projections.Options{Pool: pool, Source: "test"}, []projections.Projection{p}, nil)
	require.NoError(t, err)
	require.NoError(t, runner.Prepare(t.Context()))
	return runner
}

// apply projects a batch and moves the checkpoint, as the runner does.
func (m *model) apply(t require.TestingT, batch []eventlog.Recorded) {
	if len(batch) == 0 {
		return
	}
	ctx := context.Background()
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		p := batch[len(batch)-1].Position
		if _, err := tx.Exec(ctx, `UPDATE ops.projector_checkpoint SET commit_position = $1, prepare_position = $2`, p.Commit, p.Prepare); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SET LOCAL search_path TO `+fleet.Projection().Schema()+`, public`); err != nil {
			return err
		}
		return fleet.Projection().Apply(ctx, tx, batch)
	})
	require.NoError(t, err)
	m.done += len(batch)
}

// given starts a case of the read model, in the words of domaintest: given a
// history of events, when it is projected, then the reader gives these rows.
func given(t testing.TB) (*model, *history) {
	t.Helper()
	return newModel(t), newHistory()
}

// then asks the reader for rows.
func then[Q, T any](t testing.TB, read func(context.Context, Q) (query.List[T], error), q Q) query.List[T] {
	t.Helper()
	page, err := read(t.Context(), q)
	require.NoError(t, err)
	return page
}

// whenProjected applies what the history has and the model has not, as one batch.
func (m *model) whenProjected(t require.TestingT, h *history) {
	m.apply(t, h.events[m.done:])
}

// dump is all rows of a table as JSON, in a fixed order.
func (m *model) dump(t require.TestingT, schema, table string) []string {
	rows, err := m.pool.Query(context.Background(), fmt.Sprintf(`SELECT to_jsonb(t)::text FROM %s.%s t ORDER BY 1`, schema, table))
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return all
}
