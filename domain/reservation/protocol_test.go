package reservation_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestProtocol: whatever the interleaving and wherever actors die, no value is
// had by more holders than it has room for, and none that is had is free.
func TestProtocol(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(breaks{})
		draw := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") }
		if trace, v := m.run(120, draw); v != "" {
			t.Fatalf("%s\n%s", v, strings.Join(trace, "\n"))
		}
	})
}

// TestProtocolLong does the same over many more orders.
func TestProtocolLong(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5_000) {
		if trace, v := newModel(breaks{}).run(150, seeded(seed)); v != "" {
			t.Fatalf("seed %d: %s\n%s", seed, v, strings.Join(trace, "\n"))
		}
	}
}

// TestOrphansAreReleased: once nobody else is at work, releasers free every
// claim whose value its holder does not have, and only those.
func TestOrphansAreReleased(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(breaks{})
		m.run(120, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") })
		for v := range m.keys {
			for h := range m.holders {
				for a := m.releaser(h, v); a.next(); {
				}
				_, last := m.fold(v, h)
				if held, has := last >= 0, m.has(h, v, len(m.changes[h])); held != has {
					t.Fatalf("value %d: held by %d %v, had %v", v, h, held, has)
				}
			}
		}
		if v := m.violation(); v != "" {
			t.Fatal(v)
		}
	})
}

// TestEveryRuleIsNeeded: with any of the rules left out the model goes wrong,
// so it would show a fault in the protocol.
func TestEveryRuleIsNeeded(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]breaks{
		"1: load, then claim":               {claimFirst: true},
		"1: a claim always appends":         {noRenewal: true},
		"2: claim again when starting over": {keepClaims: true},
		"3: fence":                          {noFence: true},
		"3: only the claim that was seen":   {anyClaim: true},
		"4: only a claim from free to held": {notFresh: true},
		"4: only when it is still the last": {giveUpAny: true},
		"5: look before the append":         {lateLook: true},
		"5: only the claim that was seen":   {leaveAny: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(20_000) {
				if _, v := newModel(b).run(150, seeded(seed)); v != "" {
					t.Logf("seed %d: %s", seed, v)
					return
				}
			}
			t.Error("the model did not go wrong")
		})
	}
}
