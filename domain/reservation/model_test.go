package reservation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// A model of the protocol in the package's doc: streams that take an append at
// the expected revision only, and actors that do one step (a read or an append)
// at a time, in any order, and may stop for ever between any two.

// breaks leaves a rule out, to show that it is needed.
type breaks struct {
	claimFirst bool // 1: claims before it loads the holder
	noRenewal  bool // 1: does not append when the holder has a claim
	keepClaims bool // 2: does not claim again when it starts over
	noFence    bool // 3: releases an orphan without a fence
	anyClaim   bool // 3: releases whatever was claimed since
	notFresh   bool // 4: gives up claims that were renewals
	giveUpAny  bool // 4: gives up a claim that was renewed since
	lateLook   bool // 5: looks at the claim after its append
	leaveAny   bool // 5: releases whatever was claimed since
}

// change is an event of a holder's stream: a value taken or given up, or a
// fence (neither).
type change struct {
	take, leave int // value, -1: none
}

type model struct {
	breaks
	keys    []reservation.Key
	holders []uuid.UUID
	claims  [][]domain.Event // per value: Reserved and Released
	changes [][]change       // per holder
}

func newModel(b breaks) *model {
	m := &model{
		breaks: b,
		keys: []reservation.Key{
			reservation.Unique(reservation.DeviceName, "a"),
			reservation.Unique(reservation.DeviceName, "b"),
			reservation.PlacesOf(uuid.UUID{9}, 2),
		},
		holders: []uuid.UUID{{1}, {2}, {3}},
	}
	m.claims = make([][]domain.Event, len(m.keys))
	m.changes = make([][]change, len(m.holders))
	return m
}

// has is whether a holder has a value by its first n events.
func (m *model) has(holder, value, n int) bool {
	has := false
	for _, c := range m.changes[holder][:n] {
		if c.take == value {
			has = true
		}
		if c.leave == value {
			has = false
		}
	}
	return has
}

// fold is a reservation, with the revision of a holder's last claim, -1 for
// none. Where the last event tells all, it is the only one read.
func (m *model) fold(value, holder int) (s reservation.State, last int) {
	events := m.claims[value]
	if n := len(events); n > 0 {
		var told bool
		if s, told = reservation.Snapshot(events[n-1], int64(n-1)); !told {
			for i, e := range events {
				s = reservation.Evolve(s, e, int64(i))
			}
		}
	}
	if at, ok := s.Holds(m.holders[holder]); ok {
		return s, int(at)
	}
	return s, -1
}

// violation says what is wrong, if anything: a value had by more than it has
// room for, or had and free.
func (m *model) violation() string {
	for v, key := range m.keys {
		having := 0
		for h := range m.holders {
			if !m.has(h, v, len(m.changes[h])) {
				continue
			}
			having++
			if _, last := m.fold(v, h); last < 0 {
				return fmt.Sprintf("value %d is had by %d and free", v, h)
			}
		}
		if having > key.Capacity {
			return fmt.Sprintf("value %d is had by %d holders", v, having)
		}
	}
	return ""
}

// actor is a command or a releaser: a sequence of steps. A step says whether
// the actor goes on.
type actor struct {
	name string
	next func() bool
}

// command takes a value, gives one up, or both, for a holder.
func (m *model) command(holder, take, leave int) *actor {
	a := &actor{name: fmt.Sprintf("command of %d: take %d, leave %d", holder, take, leave)}
	uid := m.holders[holder]
	revision, tries := 0, 0
	mine, fresh := -1, false // the claim made, and whether it went from free to held
	left := -1
	var start, load, claim, look, write, giveUp, lookLate, release func() bool
	var claimed reservation.State
	var claimedAt, claimedLast int

	readClaim := func() bool {
		claimed, claimedLast = m.fold(take, holder)
		claimedAt = len(m.claims[take])
		a.next = claim
		return true
	}
	load = func() bool {
		revision = len(m.changes[holder])
		taking := take >= 0 && !m.has(holder, take, revision)
		leaving := leave >= 0 && m.has(holder, leave, revision)
		switch {
		case take >= 0 && !taking || leave >= 0 && !leaving:
			a.next = giveUp // nothing to do any more
		case taking && m.claimFirst:
			a.next = write
		case taking && (!m.keepClaims || mine < 0):
			a.next = readClaim
		default:
			a.next = look
		}
		return true
	}
	claim = func() bool {
		events, ok := reservation.Claim(claimed, m.keys[take], reservation.Reserved{Kind: m.keys[take].Kind, Holder: uid})
		if !ok {
			return false
		}
		held := claimedLast >= 0
		if !m.noRenewal || !held {
			if len(m.claims[take]) != claimedAt {
				a.next = readClaim
				return true
			}
			fresh = !held || mine >= 0 && fresh && claimedLast == mine
			mine = len(m.claims[take])
			m.claims[take] = append(m.claims[take], events[0])
		}
		if a.next = look; m.claimFirst {
			a.next = load
		}
		return true
	}
	look = func() bool {
		if leave >= 0 {
			_, left = m.fold(leave, holder)
		}
		a.next = write
		return true
	}
	write = func() bool {
		if len(m.changes[holder]) != revision {
			if tries++; tries > 1 {
				a.next = giveUp
				return true
			}
			a.next = start
			return true
		}
		m.changes[holder] = append(m.changes[holder], change{take, leave})
		if a.next = release; m.lateLook {
			a.next = lookLate
		}
		return leave >= 0
	}
	lookLate = func() bool {
		_, left = m.fold(leave, holder)
		a.next = release
		return true
	}
	giveUp = func() bool {
		if mine < 0 || !fresh && !m.notFresh {
			return false
		}
		m.releaseIf(take, holder, mine, m.giveUpAny)
		return false
	}
	release = func() bool {
		m.releaseIf(leave, holder, left, m.leaveAny)
		return false
	}
	start = load
	if m.claimFirst && take >= 0 {
		start = readClaim
	}
	a.next = start
	return a
}

// releaseIf releases when the holder's last claim is the one given.
func (m *model) releaseIf(value, holder, at int, whatever bool) {
	s, last := m.fold(value, holder)
	if last < 0 || last != at && !whatever {
		return
	}
	e := reservation.Release(s, m.keys[value].Kind, m.holders[holder])
	m.claims[value] = append(m.claims[value], e[0])
}

// releaser releases a claim whose value the holder does not have.
func (m *model) releaser(holder, value int) *actor {
	a := &actor{name: fmt.Sprintf("releaser of %d at %d", value, holder)}
	seen, revision := -1, 0
	var readClaim, readHolder, fence, release func() bool
	readClaim = func() bool {
		_, seen = m.fold(value, holder)
		a.next = readHolder
		return seen >= 0
	}
	readHolder = func() bool {
		revision = len(m.changes[holder])
		if a.next = fence; m.noFence {
			a.next = release
		}
		return !m.has(holder, value, revision)
	}
	fence = func() bool {
		if len(m.changes[holder]) != revision {
			a.next = readClaim
			return true
		}
		m.changes[holder] = append(m.changes[holder], change{-1, -1})
		a.next = release
		return true
	}
	release = func() bool {
		m.releaseIf(value, holder, seen, m.anyClaim)
		return false
	}
	a.next = readClaim
	return a
}

// run lets actors start, step and crash in an order that draw decides, until
// the steps are used up or something is wrong. draw gives a number in [0,n).
func (m *model) run(steps int, draw func(n int) int) (trace []string, violation string) {
	var running []*actor
	for range steps {
		switch choice := draw(20); {
		case len(running) == 0 || choice < 4 && len(running) < 5:
			a := m.start(draw)
			running = append(running, a)
			trace = append(trace, "start "+a.name)
		case choice == 4:
			i := draw(len(running))
			trace = append(trace, "crash of "+running[i].name)
			running = slices.Delete(running, i, i+1)
		default:
			i := draw(len(running))
			trace = append(trace, "step of "+running[i].name)
			if !running[i].next() {
				running = slices.Delete(running, i, i+1)
			}
		}
		if v := m.violation(); v != "" {
			return trace, v
		}
	}
	return trace, ""
}

func (m *model) start(draw func(int) int) *actor {
	holder, value := draw(len(m.holders)), draw(len(m.keys))
	switch draw(4) {
	case 0:
		return m.releaser(holder, value)
	case 1:
		return m.command(holder, -1, value)
	case 2:
		return m.command(holder, (value+1)%len(m.keys), value)
	default:
		return m.command(holder, value, -1)
	}
}

func seeded(seed uint64) func(int) int {
	return rand.New(rand.NewPCG(seed, 1)).IntN // a repeatable order, no secret
}
