package feed_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/user"
)

func init() { _ = flag.Set("rapid.checks", "40") }

// generation is a schema with the tables of the feed, in a transaction that leaves
// nothing behind.
type generation struct {
	t    *rapid.T
	tx   pgx.Tx
	name string
}

func newGeneration(t *rapid.T, tx pgx.Tx, name string) *generation {
	g := &generation{t, tx, name}
	g.exec("CREATE SCHEMA " + name)
	for _, sql := range projection.Tables {
		g.exec(sql)
	}
	return g
}

func (g *generation) exec(sql string) {
	_, err := g.tx.Exec(g.t.Context(), "SET LOCAL search_path TO "+g.name+"; "+sql)
	require.NoError(g.t, err)
}

func (g *generation) apply(events []eventlog.Recorded) {
	g.exec("")
	require.NoError(g.t, projection.Apply(g.t.Context(), g.tx, events))
}

// dies applies events in a transaction that fails.
func (g *generation) dies(events []eventlog.Recorded) {
	within, err := g.tx.Begin(g.t.Context())
	require.NoError(g.t, err)
	(&generation{g.t, within, g.name}).apply(events)
	require.NoError(g.t, within.Rollback(g.t.Context()))
}

// elsewhere are events as a copy of the log has them.
func elsewhere(events []eventlog.Recorded) []eventlog.Recorded {
	all := slices.Clone(events)
	for i := range all {
		all[i].Position.Commit += 1000 + uint64(i)
		all[i].Position.Prepare = all[i].Position.Commit
	}
	return all
}

var positions = regexp.MustCompile(`"(commit|prepare)_position": \d+(, )?`)

func withoutPositions(rows map[string][]string) map[string][]string {
	for _, table := range rows {
		for i, text := range table {
			table[i] = positions.ReplaceAllString(text, "")
		}
		slices.Sort(table)
	}
	return rows
}

// rows are all rows of all tables but the gate's, in a fixed order.
func (g *generation) rows() map[string][]string {
	all := map[string][]string{}
	for _, table := range []string{"head", "items", "told", "subjects", "devices"} {
		rows, err := g.tx.Query(g.t.Context(), fmt.Sprintf(`SELECT to_jsonb(t)::text FROM %s.%s t ORDER BY 1`, g.name, table))
		require.NoError(g.t, err)
		all[table], err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(g.t, err)
	}
	return all
}

// life draws what happens to devices over the days, by the rules, and between it marks of
// days, some of them left out.
type life struct {
	*history
	t      *rapid.T
	states map[uuid.UUID]device.State
	today  calendar.Date
	n      byte // ids of deeds
}

var owners = []device.Owner{
	{UID: customer, Type: account.Standard, Status: account.Activated, Offers: catalogue.Offers},
	{UID: reseller, Type: account.Reseller, Status: account.Activated, Offers: catalogue.Offers},
	{UID: uuid.UUID{3}, Type: account.Standard, Status: account.Activated, Offers: catalogue.Offers},
}

func (l *life) live() {
	l.states, l.today = map[uuid.UUID]device.State{}, day0
	for range rapid.IntRange(10, 60).Draw(l.t, "deeds") {
		switch rapid.SampledFrom([]string{"device", "device", "device", "device", "device", "mark", "mark", "day", "other"}).Draw(l.t, "what") {
		case "device":
			l.deed()
		case "mark":
			l.mark(l.today)
		case "day":
			l.today = l.today.AddDays(rapid.SampledFrom([]int{1, 10, 30, 60, 300}).Draw(l.t, "days"))
		case "other":
			l.other()
		}
	}
	l.mark(l.today)
	l.mark(l.today + 91)
}

// deed is something that the rules allow for a device, or nothing.
func (l *life) deed() {
	serial := rapid.SampledFrom([]string{"SN01", "SN02", "SN03"}).Draw(l.t, "serial")
	uid := device.UID(serial)
	s, known := l.states[uid]
	if !known {
		s = device.Aggregate.New(uid)
	}
	events, err := l.decide(serial, s)
	if len(domain.ProblemsOf(err)) > 0 {
		return
	}
	require.NoError(l.t, err)
	for _, e := range events {
		s = device.Evolve(s, e)
	}
	l.states[uid] = s
	l.device(serial, events...)
}

func (l *life) decide(serial string, s device.State) ([]domain.Event, error) {
	l.n++
	id := uuid.UUID{100, l.n}
	model := catalogue.Model{Name: "RV50", Offers: catalogue.Offers, Default: catalogue.Complete, IncludedMonths: 12}
	by := device.Mover{Actor: domain.Actor{Kind: domain.ActorOperator, ID: "operator"}}
	of := func(uid uuid.UUID) device.Owner {
		return owners[max(0, slices.IndexFunc(owners, func(o device.Owner) bool { return o.UID == uid }))]
	}
	owner := rapid.SampledFrom(owners).Draw(l.t, "owner")
	if !s.Exists() {
		if rapid.IntRange(0, 4).Draw(l.t, "fenced") == 0 {
			return []domain.Event{device.ClaimAbandoned{Device: s.UID}}, nil
		}
		return device.DecideRegister(s, device.Register{SerialNumber: serial, Model: model, Owner: owner, Today: l.today, Rules: device.DefaultRules})
	}
	year, _ := calendar.ParseTerm("P1Y")
	switch rapid.SampledFrom([]string{"transfer", "undo", "renew", "until", "reverse", "grant", "suspend", "retire", "reinstate", "rename", "release"}).Draw(l.t, "deed") {
	case "transfer":
		return device.DecideTransfer(s, device.Transfer{ID: id, From: of(s.Account), To: owner, By: by, Partnered: true, Model: model, Today: l.today, Rules: device.DefaultRules})
	case "undo":
		c := device.ReverseTransfer{ID: id, By: by, Now: l.today.Time(), Rules: device.DefaultRules}
		c.Made.At = c.Now.Add(-time.Hour)
		if s.Moved != nil {
			c.Transfer, c.Source = s.Moved.Transfer, of(s.Moved.From)
		}
		return device.DecideReverseTransfer(s, c)
	case "renew":
		return device.DecideRenew(s, device.Renew{ID: id, Term: year, Today: l.today, Rules: device.DefaultRules})
	case "until":
		return device.DecideGrant(s, device.Grant{ID: id, Until: l.today + 20, Today: l.today})
	case "reverse":
		c := device.ReverseRenewal{ID: id}
		if len(s.Orders) > 0 {
			c.Renewal = s.Orders[len(s.Orders)-1].ID
		}
		return device.DecideReverseRenewal(s, c)
	case "grant":
		return device.DecideGrant(s, device.Grant{ID: id, Term: year, Today: l.today})
	case "suspend":
		return device.DecideSuspend(s, "")
	case "retire":
		return device.DecideRetire(s, "")
	case "reinstate":
		return device.DecideReinstate(s, device.Reinstate{Name: "again"})
	case "release":
		return device.DecideRelease(s, device.Release{Request: id, Owner: s.Account, To: owner.UID})
	}
	return device.DecideRename(s, fmt.Sprint("name ", l.n))
}

// other is something of another kind.
func (l *life) other() {
	id := uuid.UUID{200, byte(rapid.IntRange(0, 2).Draw(l.t, "subject"))}
	switch rapid.IntRange(0, 3).Draw(l.t, "kind") {
	case 0:
		if name := user.Aggregate.Stream(id); l.revisions[name] == 0 {
			l.add(name, user.UserInvited{Account: customer})
		} else {
			l.add(name, user.UserDeactivated{})
		}
	case 1:
		if name := order.Aggregate.Stream(id); l.revisions[name] == 0 {
			l.add(name, order.RenewalOrdered{Devices: []order.Line{{Account: customer}, {Account: reseller}}})
		} else {
			l.add(name, order.RenewalOrderApplied{})
		}
	case 2:
		name := release.Aggregate.Stream(customer)
		l.add(name, release.ReleaseRequested{Request: id, Requester: owners[2].UID}, release.ReleaseRequestDenied{Request: id})
	case 3:
		l.add("catalogue-models", modelDefined)
	}
}

// However a log is cut into batches, also where one fails and comes again, the rows are
// the same, in a copy of the log but for positions; and devices are what the whole of
// their events comes to.
func TestCutsMakeNoDifference(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	rapid.Check(t, func(rt *rapid.T) {
		l := &life{history: newHistory(), t: rt}
		l.live()
		tx, err := pool.Begin(rt.Context())
		require.NoError(rt, err)
		defer func() { _ = tx.Rollback(t.Context()) }()

		whole := newGeneration(rt, tx, "whole")
		whole.apply(l.events)
		want := whole.rows()
		one := newGeneration(rt, tx, "one")
		for _, e := range l.events {
			one.apply([]eventlog.Recorded{e})
		}
		require.Equal(rt, want, one.rows())
		cut := newGeneration(rt, tx, "cut")
		for rest := l.events; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "cut")
			if rapid.Bool().Draw(rt, "dies") {
				cut.dies(rest[:n])
			}
			cut.apply(rest[:n])
			rest = rest[n:]
		}
		require.Equal(rt, want, cut.rows())
		checkDevices(rt, l, want["devices"])
		checkItems(rt, l, want["items"])
		moved := newGeneration(rt, tx, "moved") // another log with the same events
		moved.apply(elsewhere(l.events))
		require.Equal(rt, withoutPositions(want), withoutPositions(moved.rows()))
	})
}

// checkDevices compares the devices with the states that decided.
func checkDevices(t *rapid.T, l *life, rows []string) {
	type row struct {
		UID     uuid.UUID        `json:"uid"`
		Serial  string           `json:"serial_number"`
		Account uuid.UUID        `json:"account"`
		Life    device.LifeCycle `json:"life_cycle"`
		End     calendar.Date    `json:"service_end"`
		Renews  bool             `json:"auto_renew"`
	}
	var want, got []row
	for _, s := range l.states {
		if s.Exists() {
			want = append(want, row{s.UID, s.SerialNumber, s.Account, s.LifeCycle, s.Service.End, s.Service.AutoRenew})
		}
	}
	for _, text := range rows {
		var r row
		require.NoError(t, json.Unmarshal([]byte(text), &r))
		got = append(got, r)
	}
	require.ElementsMatch(t, want, got)
}

// checkItems: each event of the log is an item in its order, and numbers have no gaps.
func checkItems(t *rapid.T, l *life, rows []string) {
	numbered := make([]string, len(rows))
	for _, text := range rows {
		var r struct {
			N     int
			Event string
			Data  json.RawMessage `json:"computed"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &r))
		require.Empty(t, numbered[r.N-1])
		if numbered[r.N-1] = r.Event; len(r.Data) > 4 {
			numbered[r.N-1] = "computed"
		}
	}
	got := slices.DeleteFunc(numbered, func(id string) bool { return id == "computed" })
	var want []string
	for _, e := range l.events {
		if e.Stream != eventlog.DaysStream {
			want = append(want, e.ID.String())
		}
	}
	require.Equal(t, want, got)
}
