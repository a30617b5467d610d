package eventstoredb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// sealedLog is a log with keys, both in one database that the test looks into.
type sealedLog struct {
	*Store
	t    *testing.T
	pool *pgxpool.Pool
	node *eventnodetest.Restartable
}

func newSealedLog(t *testing.T) *sealedLog {
	t.Helper()
	l := &sealedLog{t: t, pool: pgtest.Pool(t)}
	l.node = eventnodetest.On(t, l.pool)
	l.node.Start()
	l.Store = l.reopen()
	return l
}

// reopen is another instance on the same log and keys, which remembers nothing.
func (l *sealedLog) reopen() *Store {
	l.t.Helper()
	keys, err := personkeys.Open(l.t.Context(), l.pool, sealing.NewKeys(make([]byte, sealing.KeySize)))
	require.NoError(l.t, err)
	return open(l.t, l.node.SocketPath(), func(o *Options) { o.Persons = keys })
}

func (l *sealedLog) exec(sql string, args ...any) {
	l.t.Helper()
	_, err := l.pool.Exec(l.t.Context(), sql, args...)
	require.NoError(l.t, err)
}

func (l *sealedLog) add(stream string, expected eventlog.Revision, e domain.Event) {
	l.t.Helper()
	_, _, err := l.Append(l.t.Context(), stream, expected, eventlog.NewEvent{ID: uuid.New(), Event: e})
	require.NoError(l.t, err)
}

// raw is all that the node keeps, in any column.
func (l *sealedLog) raw() []byte {
	l.t.Helper()
	rows, err := l.pool.Query(l.t.Context(), `SELECT data, convert_to(e::text, 'UTF8') FROM eventnode.events e`)
	require.NoError(l.t, err)
	var all, data, row []byte
	for rows.Next() {
		require.NoError(l.t, rows.Scan(&data, &row))
		all = append(append(all, data...), row...)
	}
	require.NoError(l.t, rows.Err())
	require.NotEmpty(l.t, all)
	return all
}

var ada = account.Person{ID: uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000003"), Email: "admin@customer.example", Name: "Ada"}

func activated(p account.Person) account.AccountActivated {
	return account.AccountActivated{Account: uuid.Max, Administrator: p}
}

// events of a read without what is around them.
func bare(recorded []eventlog.Recorded) []domain.Event {
	all := make([]domain.Event, len(recorded))
	for i, r := range recorded {
		all[i] = r.Event
	}
	return all
}

func TestPersonalDataIsSealed(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	grace := account.Person{ID: uuid.New(), Email: "grace@customer.example", Name: "Grace"}
	nobody := account.Person{}
	events := []domain.Event{activated(ada), activated(grace), account.AccountClosed{Account: uuid.Max}, activated(nobody)}
	for i, e := range events {
		l.add("account-1", eventlog.Revision(i-1), e)
	}
	for _, secret := range []string{ada.Email, ada.Name, "grace@", "Grace"} {
		assert.NotContains(t, string(l.raw()), secret)
		assert.False(t, bytes.Contains(bytes.ToLower(l.raw()), []byte(hexOf(secret))), "as hexadecimal digits")
	}
	other := l.reopen()
	assert.Equal(t, events, bare(all(t, other.ReadStream(t.Context(), "account-1", 0))))
	assert.Equal(t, events, bare(all(t, other.ReadAll(t.Context(), eventlog.Position{}, "account-"))))

	keys := l.options.Persons
	require.NoError(t, keys.Erase(t.Context(), ada.ID))
	events[0] = activated(account.Person{ID: ada.ID, Email: account.Erased, Name: account.Erased})
	for _, s := range []*Store{l.Store, l.reopen()} {
		assert.Equal(t, events, bare(all(t, s.ReadStream(t.Context(), "account-1", 0))))
		assert.Equal(t, events, bare(all(t, s.ReadAll(t.Context(), eventlog.Position{}, "account-"))))
	}
	// An append that was under way: nothing of it can be read any more, ever.
	l.add("account-1", 3, activated(ada))
	assert.NotContains(t, string(l.raw()), ada.Email)
	assert.Equal(t, events[0], all(t, l.ReadStream(t.Context(), "account-1", 4))[0].Event)
	streams, err := keys.NamedIn(t.Context(), ada.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{"account-1"}, streams)

	_, _, err = open(t, l.node.SocketPath()).Append(t.Context(), "account-2", eventlog.NoStream, eventlog.NewEvent{ID: uuid.New(), Event: activated(ada)})
	require.ErrorIs(t, err, errNoKeys)
	_, _, err = l.Append(t.Context(), "account-2", eventlog.NoStream,
		eventlog.NewEvent{ID: uuid.New(), Event: activated(account.Person{Email: ada.Email})})
	require.Error(t, err, "a person without an id could not be erased")
}

func hexOf(s string) string {
	const digits = "0123456789abcdef"
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return string(b)
}

// A repeated append seals anew and is the same append all the same.
func TestSealedAppendsCanBeRepeated(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	e := eventlog.NewEvent{ID: uuid.New(), Event: activated(ada)}
	for range 2 {
		revision, _, err := l.Append(t.Context(), "account-1", eventlog.NoStream, e)
		require.NoError(t, err)
		assert.Equal(t, eventlog.Revision(0), revision)
	}
	assert.Len(t, all(t, l.ReadStream(t.Context(), "account-1", 0)), 1)
}

// The stored forms of both versions: what was written stays readable. Version 1
// had persons in plain.
func TestStoredForms(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	key := bytes.Repeat([]byte{7}, sealing.KeySize)
	wrapped, err := sealing.Seal(make([]byte, sealing.KeySize), key, ada.ID[:])
	require.NoError(t, err)
	l.exec(`INSERT INTO ops.person_keys (person, key, named_in) VALUES ($1, $2, '{}')`, ada.ID, wrapped)
	created := account.AccountCreated{
		Account: uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000001"), Name: "Prairie Fire", Type: account.Standard, Administrator: ada,
		Offers: []catalogue.Offer{catalogue.Basic, catalogue.Complete}, Reseller: uuid.MustParse("b4b8f4a6-0000-4000-8000-000000000002"),
		Invitation: account.Invitation{Number: 1, TokenHash: []byte("hash"), Expires: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)},
	}
	for _, want := range []domain.Event{activated(ada), created} {
		for version := 1; version <= 2; version++ {
			file := fmt.Sprintf("%s.v%d.json", want.EventType(), version)
			data, err := os.ReadFile("testdata/" + file)
			require.NoError(t, err)
			metadata, err := json.Marshal(eventlog.Metadata{SchemaVersion: version})
			require.NoError(t, err)
			_, _, err = l.append(t.Context(), file, eventlog.NoStream, []esdb.EventData{{
				EventID: uuid.New(), EventType: want.EventType(), ContentType: esdb.ContentTypeJson, Data: data, Metadata: metadata,
			}})
			require.NoError(t, err)
			assert.Equal(t, want, all(t, l.ReadStream(t.Context(), file, 0))[0].Event, file)
		}
	}
}

// A key that is gone without an erasure is a loss: readers stop and say so, after
// what is before it.
func TestReadersStopAtALostKey(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.add("account-1", eventlog.NoStream, account.AccountClosed{Account: uuid.Max, Reason: "0"})
	l.add("account-1", 0, activated(ada))
	l.add("account-1", 1, account.AccountClosed{Account: uuid.Max, Reason: "2"})
	for what, sql := range map[string]string{
		"another key": `UPDATE ops.person_keys SET key = set_byte(key, 20, get_byte(key, 20) # 1)`,
		"no key":      `DELETE FROM ops.person_keys`,
	} {
		l.exec(sql)
		s := l.reopen()
		for name, read := range map[string]func(func(eventlog.Recorded, error) bool){
			"stream": s.ReadStream(t.Context(), "account-1", 0),
			"all":    s.ReadAll(t.Context(), eventlog.Position{}, "account-"),
		} {
			n, last := 0, error(nil)
			for _, err := range read {
				n, last = n+1, err
			}
			assert.Equal(t, 2, n, what, name)
			require.ErrorIs(t, last, ports.ErrKeyLost, what, name)
			require.NotErrorIs(t, last, eventlog.ErrUnavailable, what, name)
		}
		f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}}, fromStart)
		got, b := f.until(t, 1)
		inOrder(t, got, 1)
		assert.False(t, b.CaughtUp)
		select {
		case err := <-f.ended:
			require.ErrorIs(t, err, ports.ErrKeyLost)
			f.ended <- err
		case <-f.batches:
			t.Fatal("skipped an event")
		}
	}
}

// Keys that cannot be asked for are not erased: reads fail as they do when the
// log is away, and followers wait.
func TestKeysThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.add("account-1", eventlog.NoStream, activated(ada))
	l.exec(`ALTER TABLE ops.person_keys RENAME TO away`)
	_, _, err := l.Append(t.Context(), "account-1", 0, eventlog.NewEvent{ID: uuid.New(), Event: activated(ada)})
	require.ErrorIs(t, err, eventlog.ErrUnavailable)
	require.ErrorIs(t, failure(l.ReadStream(t.Context(), "account-1", 0)), eventlog.ErrUnavailable)
	ctx := within(t, 300*time.Millisecond)
	require.ErrorIs(t, failure(l.ReadAll(ctx, eventlog.Position{}, "account-")), eventlog.ErrUnavailable)

	f := follow(t, l.Store, FollowOptions{Name: "test", Prefixes: []string{"account-"}}, fromStart)
	require.Eventually(t, func() bool { return value(t, l.metrics.subscriptions.WithLabelValues("test")) > 2 }, 20*time.Second, time.Millisecond,
		"subscribes again and again")
	l.exec(`ALTER TABLE ops.away RENAME TO person_keys`)
	b := f.take(t)
	assert.Equal(t, []domain.Event{activated(ada)}, bare(b.Events))
	f.done()
}

// Followers get whole batches opened.
func TestFollowOpensBatches(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	var want []domain.Event
	for i := range 200 {
		p := account.Person{ID: uuid.New(), Email: "p@customer.example", Name: string(rune('a' + i%26))}
		want = append(want, activated(p))
		l.add("account-1", eventlog.Revision(i-1), want[i])
	}
	f := follow(t, l.reopen(), FollowOptions{Prefixes: []string{"account-"}}, fromStart)
	got, _ := f.until(t, len(want))
	assert.Equal(t, want, bare(got))
}
