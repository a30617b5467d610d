package eventnode_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

func TestFilteredSubscription(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "device-1", esdb.NoStream{}, event("registered"), event("renewed"))
	mustAppend(t, client, "account-1", esdb.NoStream{}, event("opened"))
	mustAppend(t, client, "device-2", esdb.NoStream{}, event("registered"))
	setMetadata(t, client, "device-2", func(m *esdb.StreamMetadata) { m.SetMaxCount(9) })

	cases := map[string]struct {
		filter *esdb.SubscriptionFilter
		want   []string
	}{
		"no filter":          {nil, []string{"registered", "renewed", "opened", "registered", "$metadata", "live"}},
		"stream prefix":      {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"device-"}}, []string{"registered", "renewed", "registered", "live"}},
		"stream prefixes":    {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"acc", "device-2"}}, []string{"opened", "registered", "live"}},
		"stream regex":       {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: `^device-\d$`}, []string{"registered", "renewed", "registered", "live"}},
		"type prefix":        {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"re", "live"}}, []string{"registered", "renewed", "registered", "live"}},
		"type regex":         {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "ed$|^live"}, []string{"registered", "renewed", "opened", "registered", "live"}},
		"no system events":   {esdb.ExcludeSystemEventsFilter(), []string{"registered", "renewed", "opened", "registered", "live"}},
		"negative lookahead": {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: `^(?!(\$.+$|opened$))`}, []string{"registered", "renewed", "registered", "live"}},
	}
	subs := map[string]*esdb.Subscription{}
	for name, tc := range cases {
		subs[name] = subscribeAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: tc.filter})
	}
	got := map[string][]*esdb.ResolvedEvent{}
	for name := range cases {
		got[name], _ = untilCaughtUp(t, subs[name])
	}
	mustAppend(t, client, "device-2", esdb.Any{}, event("live"))
	for name, tc := range cases {
		got[name] = append(got[name], nextEvents(t, subs[name], 1)...)
		if diff := cmp.Diff(tc.want, types(got[name])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	_, err := client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{Filter: &esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "("}})
	if err == nil {
		t.Fatal("a broken regular expression was accepted")
	}
}

// Subscriptions begin after the position given, whatever its form.
func TestSubscriptionIsExclusive(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	var at []esdb.Position
	for i := range 4 {
		res := mustAppend(t, client, "s", esdb.Any{}, event(fmt.Sprint(i)))
		at = append(at, esdb.Position{Commit: res.CommitPosition, Prepare: res.PreparePosition})
	}
	cases := map[string]struct {
		from esdb.AllPosition
		want []string
	}{
		"start":           {esdb.Start{}, []string{"0", "1", "2", "3", "4"}},
		"after an event":  {at[1], []string{"2", "3", "4"}},
		"after the last":  {at[3], []string{"4"}},
		"before an event": {esdb.Position{Commit: at[1].Commit, Prepare: 0}, []string{"1", "2", "3", "4"}},
		"end":             {esdb.End{}, []string{"4"}},
		"not given":       {nil, []string{"4"}},
	}
	subs := map[string]*esdb.Subscription{}
	for name, tc := range cases {
		subs[name] = subscribeAll(t, client, esdb.SubscribeToAllOptions{From: tc.from})
	}
	mustAppend(t, client, "s", esdb.Any{}, event("4"))
	for name, tc := range cases {
		if diff := cmp.Diff(tc.want, types(nextEvents(t, subs[name], len(tc.want)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A subscription whose filter matches nothing still learns how far the log is, so
// that its owner does not read everything again after a restart.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	for range 3 {
		mustAppend(t, client, "s", esdb.Any{}, events("e", 20)...)
	}
	filter := &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"other-"}}
	sub := subscribeAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: filter, MaxSearchWindow: 10, CheckpointInterval: 2})
	_, checkpoints := untilCaughtUp(t, sub)
	if len(checkpoints) != 3 {
		t.Fatalf("checkpoints %v: want one for every 20 of 60 events", checkpoints)
	}
	last := checkpoints[2]
	res := mustAppend(t, client, "s", esdb.Any{}, events("e", 20)...)
	m := sub.Recv()
	if m.CheckPointReached == nil || m.CheckPointReached.Commit != res.CommitPosition || last.Commit >= res.CommitPosition {
		t.Fatalf("live checkpoint %+v after %v, want %d", m, last, res.CommitPosition)
	}
	// Resuming from a checkpoint misses nothing and repeats nothing.
	again := subscribeAll(t, client, esdb.SubscribeToAllOptions{From: *m.CheckPointReached})
	mustAppend(t, client, "s", esdb.Any{}, event("next"))
	if got := types(nextEvents(t, again, 1)); got[0] != "next" {
		t.Fatalf("resumed with %v", got)
	}
}

// Of a log that is no longer in memory, what prefixes of streams leave out is not even
// read. Nothing is lost where one look ends and the next begins.
func TestFewEventsOfALongLog(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	client := eventnodetest.Client(t, node.Start())
	const window = 10_000 // positions that are looked through at a time
	var end esdb.Position
	at := 0
	fill := func(upto int) {
		for at < upto {
			n := min(1000, upto-at)
			mustAppend(t, client, "filler", esdb.Any{}, events("e", n)...)
			at += n
		}
	}
	var want []string
	for _, position := range []int{1, 2, window - 1, window, window + 1, 2 * window, 2*window + 2} {
		fill(position - 1)
		typ := fmt.Sprint(position)
		res := mustAppend(t, client, "device-"+typ, esdb.NoStream{}, event(typ))
		if res.CommitPosition != uint64(position) {
			t.Fatalf("event %s is at %d", typ, res.CommitPosition)
		}
		want, at = append(want, typ), position
	}
	fill(at + 500)
	end = esdb.Position{Commit: uint64(at), Prepare: uint64(at)}
	node.Stop()
	client = eventnodetest.Client(t, node.Start())

	filter := &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"account-", "device-", "\x00"}}
	follow := func(from esdb.AllPosition) ([]string, []esdb.Position) {
		sub := subscribeAll(t, client, esdb.SubscribeToAllOptions{From: from, Filter: filter, MaxSearchWindow: 10, CheckpointInterval: 1})
		got, checkpoints := untilCaughtUp(t, sub)
		return types(got), checkpoints
	}
	got, checkpoints := follow(esdb.Start{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if last := checkpoints[len(checkpoints)-1]; last != end {
		t.Errorf("the last checkpoint is %v, the log ends at %v", last, end)
	}
	for _, from := range checkpoints {
		rest := slices.DeleteFunc(slices.Clone(want), func(typ string) bool {
			position, err := strconv.ParseUint(typ, 10, 64)
			return err != nil || position <= from.Commit
		})
		if got, _ := follow(from); !slices.Equal(rest, got) {
			t.Errorf("from %v: %v, want %v", from, got, rest)
		}
	}
}

func TestStreamSubscription(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	early := subscribeStream(t, client, "s", esdb.Start{}) // the stream does not exist yet
	untilCaughtUp(t, early)
	mustAppend(t, client, "s", esdb.NoStream{}, events("e", 150)...)
	mustAppend(t, client, "noise", esdb.NoStream{}, events("n", 5)...)
	subs := map[string]struct {
		sub  *esdb.Subscription
		from int
	}{
		"early": {early, 0},
		"start": {subscribeStream(t, client, "s", esdb.Start{}), 0},
		"after": {subscribeStream(t, client, "s", esdb.Revision(100)), 101},
		"end":   {subscribeStream(t, client, "s", esdb.End{}), 150},
	}
	mustAppend(t, client, "s", esdb.Any{}, event("live"))
	for name, s := range subs {
		for i, e := range nextEvents(t, s.sub, 151-s.from) {
			if e.Event.StreamID != "s" || e.Event.EventNumber != uint64(s.from+i) {
				t.Fatalf("%s: event %d of %s, want %d", name, e.Event.EventNumber, e.Event.StreamID, s.from+i)
			}
		}
	}
	// A tombstone arrives and ends the subscription.
	if _, err := client.TombstoneStream(t.Context(), "s", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	if got := nextEvents(t, early, 1); got[0].Event.EventType != "$streamDeleted" {
		t.Fatalf("got %v", types(got))
	}
	if m := early.Recv(); m.SubscriptionDropped == nil {
		t.Fatalf("the subscription goes on after the tombstone: %+v", m)
	}
}

// A subscriber that does not read holds up nobody, and gets everything later. That
// it fell behind it is not told, as by the real server, but when it has caught up
// again.
func TestSlowSubscriberHoldsUpNobody(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	slow := map[string]*esdb.Subscription{
		"$all": subscribeAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}}),
		"s":    subscribeStream(t, client, "s", esdb.Start{}),
	}
	for _, sub := range slow {
		untilCaughtUp(t, sub)
	}
	big := make([]byte, 64<<10)
	const n = 800 // 50 MiB, more than the tail and all flow control windows hold
	for i := range n {
		e := event(fmt.Sprint(i))
		e.Data, e.ContentType = big, esdb.ContentTypeBinary
		mustAppend(t, client, "s", esdb.Any{}, e)
	}
	for name, sub := range slow {
		got, _ := untilCaughtUp(t, sub) // which fails when told that it fell behind
		if len(got) != n {
			t.Fatalf("%s: %d events", name, len(got))
		}
		for i, e := range got {
			if e.Event.EventNumber != uint64(i) {
				t.Fatalf("%s: event %d at place %d", name, e.Event.EventNumber, i)
			}
		}
	}
}

// A tombstoned stream is refused by the call itself, not by a subscription that
// ends at once.
func TestSubscriptionToTombstoneIsRefused(t *testing.T) {
	t.Parallel()
	client := eventnodetest.Client(t, eventnodetest.Start(t))
	mustAppend(t, client, "s", esdb.NoStream{}, events("e", 3)...)
	if _, err := client.TombstoneStream(t.Context(), "s", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]esdb.StreamPosition{"start": esdb.Start{}, "revision": esdb.Revision(1), "end": esdb.End{}} {
		for _, stream := range []string{"s", "$$s"} {
			sub, err := client.SubscribeToStream(t.Context(), stream, esdb.SubscribeToStreamOptions{From: from})
			if err == nil {
				_ = sub.Close()
			}
			t.Log(name, stream)
			wantCode(t, err, esdb.ErrorCodeStreamDeleted)
		}
	}
}

func TestStopEndsSubscriptions(t *testing.T) {
	t.Parallel()
	r := eventnodetest.NewRestartable(t)
	node := r.Start()
	client := eventnodetest.Client(t, node)
	sub := subscribeAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	untilCaughtUp(t, sub)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := node.Stop(ctx); err != nil || ctx.Err() != nil {
		t.Fatalf("stop: %v, %v", err, ctx.Err())
	}
	<-node.Done()
	if m := sub.Recv(); m.SubscriptionDropped == nil {
		t.Fatalf("received %+v", m)
	}
	if node.Err() != nil {
		t.Fatal(node.Err())
	}
}
