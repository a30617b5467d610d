package eventnode_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
)

// model is a tiny event store: the rules of the real one in as few words as
// possible. The node must answer as it does.
type model struct {
	streams map[string]*modelStream
	log     []string // event types of $all
}

type modelStream struct {
	ids      []uuid.UUID // by revision
	dead     bool
	meta     bool // has metadata
	deleted  bool
	before   int // $tb
	maxCount int // 0: none
}

const (
	ok      = esdb.ErrorCode(-1)
	wrong   = esdb.ErrorCodeWrongExpectedVersion
	deleted = esdb.ErrorCodeStreamDeleted
)

// append answers with the last revision.
func (m *model) append(name string, expected int, ids []uuid.UUID) (int, esdb.ErrorCode) {
	s := m.streams[name]
	last := len(s.ids) - 1
	switch {
	case s.dead, expected == exists && s.deleted:
		return 0, deleted
	case expected == exists && last < 0 && !s.meta:
		return 0, wrong
	case expected == anything || expected == exists:
		at := slices.Index(s.ids, ids[0])
		if at >= 0 && at+len(ids) <= len(s.ids) && slices.Equal(s.ids[at:at+len(ids)], ids) {
			return at + len(ids) - 1, ok
		}
		if at >= 0 {
			return 0, wrong
		}
	case expected < last:
		if end := expected + 1 + len(ids); end <= len(s.ids) && slices.Equal(s.ids[expected+1:end], ids) {
			return end - 1, ok
		}
		if expected >= 0 || !s.deleted || s.ids[0] == ids[0] {
			return 0, wrong
		}
	case expected > last:
		return 0, wrong
	}
	s.ids = append(s.ids, ids...)
	for range ids {
		m.log = append(m.log, "event")
	}
	if s.deleted {
		s.deleted, s.before = false, last+1
		m.log = append(m.log, "$metadata")
	}
	return len(s.ids) - 1, ok
}

// remove deletes a stream, for good or not.
func (m *model) remove(name string, expected int, forGood bool) esdb.ErrorCode {
	s := m.streams[name]
	last := len(s.ids) - 1
	switch {
	case s.dead, expected == exists && s.deleted:
		return deleted
	case expected == exists && last < 0 && !s.meta:
		return wrong
	case expected >= -1 && expected != last && (expected != -1 || !s.deleted):
		return wrong
	}
	if forGood {
		s.dead = true
		m.log = append(m.log, "$streamDeleted")
		return ok
	}
	if last < 0 && !s.meta {
		return wrong
	}
	s.deleted, s.meta, s.maxCount = true, true, 0
	m.log = append(m.log, "$metadata")
	return ok
}

func (m *model) setMetadata(name string, before, maxCount int) esdb.ErrorCode {
	s := m.streams[name]
	if s.dead {
		return deleted
	}
	m.log = append(m.log, "$metadata")
	if s.deleted {
		before = len(s.ids)
		m.log = append(m.log, "$metadata")
	}
	s.meta, s.deleted, s.before, s.maxCount = true, false, before, maxCount
	return ok
}

// read gives the first and last visible revision.
func (m *model) read(name string) (first, last int, code esdb.ErrorCode) {
	s := m.streams[name]
	last = len(s.ids) - 1
	switch {
	case s.dead:
		return 0, 0, deleted
	case last < 0 || s.deleted:
		return 0, 0, esdb.ErrorCodeResourceNotFound
	}
	first = s.before
	if s.maxCount > 0 {
		first = max(first, last-s.maxCount+1)
	}
	return first, last, ok
}

// Expectations that are no revision, as the model has them.
const (
	anything = math.MinInt
	exists   = math.MinInt + 1
)

func expectation(n int) esdb.ExpectedRevision {
	switch n {
	case anything:
		return esdb.Any{}
	case exists:
		return esdb.StreamExists{}
	case -1:
		return esdb.NoStream{}
	}
	return esdb.Revision(uint64(n))
}

func TestNodeAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	r := eventnodetest.NewRestartable(t)
	client := eventnodetest.Client(t, r.Start())
	rapid.Check(t, func(rt *rapid.T) {
		prefix := uuid.NewString() + "-"
		names := []string{prefix + "a", prefix + "b"}
		m := &model{streams: map[string]*modelStream{}}
		for _, n := range names {
			m.streams[n] = &modelStream{}
		}
		begin := r.Node().Position()
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			name := rapid.SampledFrom(names).Draw(rt, "stream")
			s := m.streams[name]
			expected := rapid.OneOf(rapid.Just(anything), rapid.Just(exists), rapid.Just(-1),
				rapid.Just(len(s.ids)-1), rapid.IntRange(0, len(s.ids)+1)).Draw(rt, "expected")
			ctx := t.Context()
			switch op := rapid.SampledFrom([]string{"append", "append", "append", "repeat", "delete", "tombstone", "metadata", "read", "restart"}).Draw(rt, "op"); op {
			case "append", "repeat":
				ids := make([]uuid.UUID, rapid.IntRange(1, 4).Draw(rt, "events"))
				for i := range ids {
					ids[i] = uuid.New()
				}
				if op == "repeat" && len(s.ids) > 0 {
					from := rapid.IntRange(0, len(s.ids)-1).Draw(rt, "from")
					switch { // what is accepted as new: the same id twice, which nobody sends
					case s.deleted && (expected == -1 || expected == len(s.ids)-1):
						expected = anything
					case expected == len(s.ids)-1:
						expected = -1
					}
					copy(ids, s.ids[from:])
				}
				want, code := m.append(name, expected, ids)
				res, err := client.AppendToStream(ctx, name, esdb.AppendToStreamOptions{ExpectedRevision: expectation(expected)}, eventsOf(ids)...)
				agree(rt, fmt.Sprintf("%s to %s expecting %d", op, name, expected), code, err)
				if err == nil && res.NextExpectedVersion != uint64(want) {
					rt.Fatalf("revision %d, want %d", res.NextExpectedVersion, want)
				}
			case "delete":
				code := m.remove(name, expected, false)
				_, err := client.DeleteStream(ctx, name, esdb.DeleteStreamOptions{ExpectedRevision: expectation(expected)})
				agreeRemoved(rt, op, code, err)
			case "tombstone":
				if !rapid.Bool().Draw(rt, "for good") {
					continue // or most sequences would end here
				}
				code := m.remove(name, expected, true)
				_, err := client.TombstoneStream(ctx, name, esdb.TombstoneStreamOptions{ExpectedRevision: expectation(expected)})
				agreeRemoved(rt, op, code, err)
			case "metadata":
				var sm esdb.StreamMetadata
				before, maxCount := rapid.IntRange(0, 5).Draw(rt, "before"), rapid.IntRange(0, 3).Draw(rt, "max count")
				sm.SetTruncateBefore(uint64(before))
				sm.SetMaxCount(uint64(maxCount))
				code := m.setMetadata(name, before, maxCount)
				_, err := client.SetStreamMetadata(ctx, name, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, sm)
				agree(rt, op, code, err)
			case "restart":
				if rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
					r.Stop()
					client = eventnodetest.Client(t, r.Start())
				}
			}
			agreeOnReads(rt, t, client, m, name)
		}
		all, err := drain(client.ReadAll(t.Context(), esdb.ReadAllOptions{From: esdb.Position{Commit: uint64(begin) + 1, Prepare: uint64(begin) + 1}}, math.MaxUint64))
		if err != nil || !slices.Equal(types(all), m.log) {
			rt.Fatalf("$all: %v, %v\nwant %v", types(all), err, m.log)
		}
	})
}

func eventsOf(ids []uuid.UUID) []esdb.EventData {
	out := make([]esdb.EventData, len(ids))
	for i, id := range ids {
		out[i] = esdb.EventData{EventID: id, EventType: "event", ContentType: esdb.ContentTypeJson, Data: []byte("{}")}
	}
	return out
}

func codeOf(err error) esdb.ErrorCode {
	var e *esdb.Error
	switch {
	case err == nil:
		return ok
	case errors.As(err, &e):
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}

func agree(rt *rapid.T, what string, want esdb.ErrorCode, err error) {
	if codeOf(err) != want {
		rt.Fatalf("%s: %v, want code %d", what, err, want)
	}
}

// agreeRemoved: the client has no code for a wrong revision of a delete.
func agreeRemoved(rt *rapid.T, what string, want esdb.ErrorCode, err error) {
	if want == wrong {
		want = esdb.ErrorCodeUnknown
	}
	agree(rt, what, want, err)
}

func agreeOnReads(rt *rapid.T, t *testing.T, client *esdb.Client, m *model, name string) {
	first, last, code := m.read(name)
	forwards, err := drain(client.ReadStream(t.Context(), name, esdb.ReadStreamOptions{}, math.MaxUint64))
	agree(rt, "read", code, err)
	backwards, err := drain(client.ReadStream(t.Context(), name, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, math.MaxUint64))
	agree(rt, "read backwards", code, err)
	if code != ok {
		return
	}
	var want []uint64
	for i := first; i <= last; i++ {
		want = append(want, uint64(i))
	}
	slices.Reverse(backwards)
	if !slices.Equal(revisions(forwards), want) || !slices.Equal(revisions(backwards), want) {
		rt.Fatalf("read %v, backwards %v, want %v", revisions(forwards), revisions(backwards), want)
	}
}
