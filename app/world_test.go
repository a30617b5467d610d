package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	operationstore "github.com/fleetledger/fleetledger/adapters/postgres/operations"
	peoplestore "github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// world is the service on a log of its own, and the words tests use for it.
type world struct {
	*app.App
	t     testing.TB
	ctx   context.Context
	log   eventlog.Log
	pool  *pgxpool.Pool // of everything but the log
	keys  *personkeys.Store
	clock *clocktest.Clock
	key   *sealing.Keys // of the installation

	reader     query.Reader   // nil without read models
	people     people.Options // with passwords only where the test needs them
	resets     resetQueue
	sealed     eventlog.SealedLog
	more       func(*app.Dependencies) // what else the test needs
	operations ports.OperationStore    // whose chunks nobody runs but the test
	handled    eventlog.Position       // how far the finisher is
	folded     folded                  // as far as fold has got
	names      reservation.Names       // of streams of personal values
}

// newWorld starts an event node on a fresh database.
func newWorld(t testing.TB) *world {
	t.Helper()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	return worldOn(t, node.SocketPath())
}

func worldOn(t testing.TB, socket string) *world {
	t.Helper()
	pool := pgtest.Pool(t)
	key := sealing.NewKeys(sealing.NewKey())
	keys, err := personkeys.Open(t.Context(), pool, key)
	require.NoError(t, err)
	store, err := eventstoredb.Open(t.Context(), eventstoredb.Options{SocketPath: socket, Persons: stepwise{keys}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	w := &world{t: t, ctx: t.Context(), log: store, keys: keys, pool: pool, key: key, names: reservation.Names{Key: []byte("names of this test")}, clock: clocktest.At(time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC))}
	w.people.Store, w.people.Tokens = peoplestore.NewStore(pool), postgres.NewTokens(pool)
	w.operations = operationstore.NewStore(pool, func(context.Context, pgx.Tx, uuid.UUID) error { return nil }, eventlog.Epoch{})
	w.sealed = store.Sealed()
	w.App = w.with(store)
	return w
}

// with is the service over another view of the same log, such as one that fails.
func (w *world) with(log eventlog.Log, change ...func(*app.Dependencies)) *app.App {
	d := app.Dependencies{
		Log: log, Persons: w.keys, Clock: w.clock, Catalogue: catalogue.Default(), Rules: device.DefaultRules,
		Windows: query.DefaultWindows, Secret: []byte("secret of this test"), Pseudonyms: []byte("pseudonyms of this test"),
		FreshSignIn: 10 * time.Minute, People: w.people, Reader: w.reader, Operations: w.operations, WarnDays: warnDays,
		Secrets: externalsecrets.NewStore(w.pool, w.key), Names: w.names, Transparency: transparency.Options{Log: w.sealed},
	}
	if w.more != nil {
		w.more(&d)
	}
	for _, c := range change {
		c(&d)
	}
	return app.New(d)
}

func operator() access.Caller {
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorOperator, ID: "operator"}}
}

func operatorFor(uid uuid.UUID) access.Caller {
	c := operator()
	c.ActingFor = uid
	return c
}

// administratorOf is a caller with all rights in its own account.
func administratorOf(uid uuid.UUID) access.Caller {
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "token of " + uid.String(), Account: uid}, Administrator: true}
}

func newCommand() command.Command { return command.Command{ID: uuid.New()} }

func dryRun() command.Command { return command.Command{ID: uuid.New(), DryRun: true} }

// accountNamed is the command to create an account.
func accountNamed(name string, kind account.Type, offers ...catalogue.Offer) accounts.Create {
	c := accounts.Create{Command: newCommand(), Name: name, Type: kind, Offers: offers}
	c.Administrator.Email = fmt.Sprintf("admin@%x.example", sha256.Sum224([]byte(name)))
	return c
}

// reseller opens a reseller account.
func (w *world) reseller(name string) uuid.UUID {
	w.t.Helper()
	created, err := w.Accounts.Create(w.ctx, operator(), accountNamed(name, account.Reseller))
	require.NoError(w.t, err)
	return created.UID
}

// customer opens an account of a reseller's customer, which lets the reseller do everything.
func (w *world) customer(reseller uuid.UUID, name string, offers ...catalogue.Offer) uuid.UUID {
	w.t.Helper()
	uid := w.readOnlyCustomer(reseller, name, offers...)
	_, err := w.Partnerships.Assign(w.ctx, administratorOf(uid), partnerships.Assign{
		Command: newCommand(), Reseller: reseller, Customer: uid, Profile: "full",
	})
	require.NoError(w.t, err)
	return uid
}

func (w *world) readOnlyCustomer(reseller uuid.UUID, name string, offers ...catalogue.Offer) uuid.UUID {
	w.t.Helper()
	created, err := w.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), accountNamed(name, "", offers...))
	require.NoError(w.t, err)
	return created.UID
}

// router is a row for a device of model MP70 number n.
func router(n int) devices.Registration {
	return devices.Registration{
		Ref: strconv.Itoa(n), SerialNumber: fmt.Sprintf("LD%014d", n), IMEI: imei(n), Name: fmt.Sprintf("router %d", n),
	}
}

// imei makes an IMEI with its check digit.
func imei(n int) string {
	digits := fmt.Sprintf("%014d", n)
	sum := 0
	for i, r := range digits {
		d := int(r - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}

func routers(from, count int) []devices.Registration {
	var rows []devices.Registration
	for n := range count {
		rows = append(rows, router(from+n))
	}
	return rows
}

// register registers rows in an account.
func (w *world) register(uid uuid.UUID, rows ...devices.Registration) command.BulkResult {
	w.t.Helper()
	r, err := w.Devices.Register(w.ctx, operatorFor(uid), devices.Register{Command: newCommand(), Items: rows})
	require.NoError(w.t, err)
	return r
}

// registered registers rows and insists that all are created.
func (w *world) registered(uid uuid.UUID, rows ...devices.Registration) []string {
	w.t.Helper()
	r := w.register(uid, rows...)
	require.Equal(w.t, len(rows), r.Count(domain.OutcomeCreated), "%+v", r.Results)
	var serials []string
	for _, row := range rows {
		serials = append(serials, row.SerialNumber)
	}
	return serials
}

func (w *world) transfer(from, to uuid.UUID, serials ...string) command.BulkResult {
	w.t.Helper()
	r, err := w.Transfers.Transfer(w.ctx, operator(), transfers.Transfer{Command: newCommand(), From: from, To: to, Devices: serials})
	require.NoError(w.t, err)
	return r
}

// device is a device as the log has it.
func (w *world) device(serial string) device.State {
	w.t.Helper()
	uid := device.UID(serial)
	s := device.State{UID: uid}
	for e, err := range w.log.ReadStream(w.ctx, device.Aggregate.Stream(uid), 0) {
		require.NoError(w.t, err)
		s = device.Evolve(s, e.Event)
	}
	return s
}

// allStreams are the prefixes of all streams but the one that names the log.
var allStreams = []string{"account-", "batch-", "catalogue-", "device-", "notice", "partnership-", "release", "renewalorder-", "reservation-", "reserved-", "transfer", "user-"}

// everything is what the finisher sees.
func (w *world) everything() []eventlog.Recorded {
	return w.after(eventlog.Position{}, w.Finisher.Prefixes()...)
}

func (w *world) after(p eventlog.Position, prefixes ...string) []eventlog.Recorded {
	w.t.Helper()
	var all []eventlog.Recorded
	for e, err := range w.log.ReadAll(w.ctx, p, prefixes...) {
		require.NoError(w.t, err)
		all = append(all, e)
	}
	return all
}

// later lets the grace period pass, and the finisher follows the log until
// there is nothing more to do.
func (w *world) later() {
	w.t.Helper()
	for range 5 {
		w.clock.Advance(time.Minute)
		events := w.after(w.handled, w.allFollowed()...)
		if len(events) == 0 {
			return
		}
		for _, f := range reactionsOf(w.App) {
			require.NoError(w.t, f.HandleBatch(w.ctx, followed(f, events)))
		}
		w.handled = events[len(events)-1].Position
	}
	w.t.Fatal("the finisher does not come to rest")
}

// reaction is what finishes what commands have left.
type reaction interface {
	Prefixes() []string
	HandleBatch(ctx context.Context, b eventlog.Batch) error
}

func reactionsOf(a *app.App) []reaction { return []reaction{a.Finisher, a.Reserved} }

// allFollowed are the streams that reactions follow.
func (w *world) allFollowed() []string {
	return slices.Concat(w.Finisher.Prefixes(), w.Reserved.Prefixes()[:1]) // the other one is the finisher's, too
}

// followed are the events that a reaction follows.
func followed(r reaction, events []eventlog.Recorded) (b eventlog.Batch) {
	for _, e := range events {
		if slices.ContainsFunc(r.Prefixes(), func(p string) bool { return strings.HasPrefix(e.Stream, p) }) {
			b.Events = append(b.Events, e)
		}
	}
	return b
}

// outcomes lists outcome and codes per item, such as "refused name_taken".
func outcomes(r command.BulkResult) []string {
	var all []string
	for _, item := range r.Results {
		all = append(all, outcome(item))
	}
	return all
}

func outcome(item command.ItemResult) string {
	s := string(item.Outcome)
	for _, c := range codes(item.Problems) {
		s += " " + c
	}
	return s
}

func codes(problems []domain.Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Code)
	}
	slices.Sort(all)
	return all
}

// refused insists that err is a refusal with exactly these codes.
func refused(t testing.TB, err error, want ...string) {
	t.Helper()
	var refusal *domain.Refusal
	require.ErrorAs(t, err, &refusal)
	slices.Sort(want)
	require.Equal(t, want, codes(refusal.Problems))
}

// seed makes an id that is the same in every run.
func seed(n int) uuid.UUID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[8:], uint64(n))
	return uuid.NewSHA1(b, []byte("seed"))
}
