package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// happened is a deed and what became of it, after all those before it, or at the same
// time as the one before it.
type happened struct {
	deed deed
	said said
	beside,
	disturbed bool
}

var (
	unknownOutcome = said{unknown: true}
	nameTaken      = said{codes: " name_taken "}
	limitReached   = said{codes: " device_limit_reached "}
	numberUsed     = said{codes: " order_number_used "}
	mismatch       = said{codes: " revision_mismatch "}
)

func done(value int, rev int64) said { return said{value: value, rev: rev} }

// forged makes a history of what was told.
func forged(m proofModel, all []happened) *history {
	h := &history{name: "forged", model: m}
	for i, one := range all {
		call := time.Duration(2 * i)
		if one.beside {
			call = time.Duration(2*i - 2)
		}
		h.add(entry{deed: one.deed, said: one.said, call: call, back: time.Duration(2*i + 1), disturbed: one.disturbed})
	}
	return h
}

// The checker can fail: histories that the rules cannot explain are rejected, those
// beside them that they can are not.
func TestForgedHistoriesAreRejected(t *testing.T) {
	t.Parallel()
	open, rename, who := deed{do: "open", b: 1}, deed{do: "rename", b: 2}, deed{do: "who", b: 1}
	read, used := deed{do: "read"}, deed{do: "used"}
	register := func(device, at int) deed { return deed{do: "register", a: device, b: at} }
	renamed := func(name int, match int64) deed { return deed{do: "rename", b: name, match: match} }
	named := func(name int8) int { return lifeState{at: atCustomer, name: name}.packed() }
	order, apply, renew := deed{do: "order", b: 1}, deed{do: "apply"}, deed{do: "renew"}
	for title, c := range map[string]struct {
		model proofModel
		story []happened
		want  porcupine.CheckResult
	}{
		"a name twice":                       {namesRules.model(), []happened{{deed: open}, {deed: open, said: done(1, 0)}}, porcupine.Illegal},
		"a name twice, at once":              {namesRules.model(), []happened{{deed: open}, {deed: open, said: done(1, 0), beside: true}}, porcupine.Illegal},
		"a name for the next one":            {namesRules.model(), []happened{{deed: open}, {deed: rename}, {deed: open, said: done(1, 0)}}, porcupine.Ok},
		"a name, and it is refused":          {namesRules.model(), []happened{{deed: open}, {deed: open, said: nameTaken}}, porcupine.Ok},
		"no name, and it is refused":         {namesRules.model(), []happened{{deed: open}, {deed: rename}, {deed: open, said: nameTaken}}, porcupine.Illegal},
		"a name left behind":                 {namesRules.model(), []happened{{deed: open}, {deed: rename, disturbed: true}, {deed: open, said: nameTaken}}, porcupine.Ok},
		"a rename lost":                      {namesRules.model(), []happened{{deed: open}, {deed: rename}, {deed: read, said: done(1, 0)}}, porcupine.Illegal},
		"an unknown account has the name":    {namesRules.model(), []happened{{deed: open, said: unknownOutcome}, {deed: who, said: done(someGhost, 0)}}, porcupine.Ok},
		"an unknown account has it not":      {namesRules.model(), []happened{{deed: open, said: unknownOutcome}, {deed: who, said: done(nobody, 0)}}, porcupine.Ok},
		"an unknown account has it no more":  {namesRules.model(), []happened{{deed: open, said: unknownOutcome}, {deed: who, said: done(someGhost, 0)}, {deed: who, said: done(nobody, 0)}}, porcupine.Illegal},
		"two accounts have a name":           {namesRules.model(), []happened{{deed: open}, {deed: who, said: done(several, 0)}}, porcupine.Illegal},
		"a reopened name of a closed one":    {namesRules.model(), []happened{{deed: open}, {deed: deed{do: "close"}}, {deed: open, said: done(1, 0)}}, porcupine.Ok},
		"a name of one that was never there": {namesRules.model(), []happened{{deed: rename}}, porcupine.Illegal},

		"the 20th place":          {placesRules.model(), []happened{{deed: register(0, 1)}, {deed: register(1, 1)}, {deed: used, said: done(20, 0)}}, porcupine.Ok},
		"the 21st place":          {placesRules.model(), []happened{{deed: register(0, 1)}, {deed: register(1, 1)}, {deed: register(2, 1)}}, porcupine.Illegal},
		"the 21st place, unknown": {placesRules.model(), []happened{{deed: register(0, 1), said: unknownOutcome}, {deed: register(1, 1)}, {deed: register(2, 1)}}, porcupine.Ok},
		"a place refused":         {placesRules.model(), []happened{{deed: register(0, 1)}, {deed: register(1, 1), said: limitReached}}, porcupine.Illegal},
		"a device lost":           {placesRules.model(), []happened{{deed: register(0, 1)}, {deed: read, said: said{codes: " not_found "}}}, porcupine.Illegal},
		"a device twice":          {placesRules.model(), []happened{{deed: register(0, 1)}, {deed: register(0, 2)}}, porcupine.Illegal},
		"a transfer lost":         {placesRules.model(), []happened{{deed: register(0, 1)}, {deed: deed{do: "transfer", b: 2}}, {deed: used, said: done(19, 0)}}, porcupine.Illegal},

		"a revision twice":         {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 1), said: done(0, 2)}, {deed: renamed(2, 1), said: done(0, 3)}}, porcupine.Illegal},
		"a revision once":          {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 1), said: done(0, 2)}, {deed: renamed(2, 1), said: mismatch}}, porcupine.Ok},
		"a revision refused":       {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 1), said: mismatch}}, porcupine.Illegal},
		"a device's name lost":     {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 0), said: done(0, 2)}, {deed: read, said: done(named(0), 1)}}, porcupine.Illegal},
		"done twice":               {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 0), said: done(0, 3)}}, porcupine.Illegal},
		"unknown, and done later":  {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 0), said: unknownOutcome}, {deed: read, said: done(named(0), 1)}, {deed: read, said: done(named(1), 2)}}, porcupine.Ok},
		"unknown, done and undone": {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: renamed(1, 0), said: unknownOutcome}, {deed: read, said: done(named(1), 2)}, {deed: read, said: done(named(0), 1)}}, porcupine.Illegal},
		"retired and renamed":      {lifeRules.model(), []happened{{deed: register(0, 2), said: done(0, 1)}, {deed: deed{do: "retire"}, said: done(0, 2)}, {deed: renamed(1, 0), said: done(0, 3)}}, porcupine.Illegal},

		"applied once":           {ordersRules.model(), []happened{{deed: order}, {deed: apply}, {deed: renew}, {deed: apply}, {deed: renew}, {deed: read, said: done(1, 0)}}, porcupine.Ok},
		"applied twice":          {ordersRules.model(), []happened{{deed: order}, {deed: apply}, {deed: renew}, {deed: apply}, {deed: renew}, {deed: read, said: done(2, 0)}}, porcupine.Illegal},
		"applied and lost":       {ordersRules.model(), []happened{{deed: order}, {deed: apply}, {deed: renew}, {deed: read}}, porcupine.Illegal},
		"applied later":          {ordersRules.model(), []happened{{deed: order}, {deed: apply}, {deed: renew, said: unknownOutcome}, {deed: read}, {deed: read, said: done(1, 0)}}, porcupine.Ok},
		"applied and withdrawn":  {ordersRules.model(), []happened{{deed: order}, {deed: apply}, {deed: renew}, {deed: deed{do: "withdraw"}}}, porcupine.Illegal},
		"a number twice":         {ordersRules.model(), []happened{{deed: order}, {deed: order, said: done(1, 0)}}, porcupine.Illegal},
		"a number refused":       {ordersRules.model(), []happened{{deed: order, said: numberUsed}}, porcupine.Illegal},
		"a number of its own":    {ordersRules.model(), []happened{{deed: order}, {deed: apply, said: numberUsed}}, porcupine.Illegal},
		"a number of an unknown": {ordersRules.model(), []happened{{deed: order, said: unknownOutcome}, {deed: order, said: numberUsed}}, porcupine.Ok},
		"an order lost":          {ordersRules.model(), []happened{{deed: order}, {deed: deed{do: "state"}}}, porcupine.Illegal},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h := forged(c.model, c.story)
			got, info := h.check(true)
			require.Equal(t, c.want, got)
			dir := h.explain(t, info, []*faulted{{kind: "none", healed: 1}})
			for _, name := range []string{"history.txt", "history.html"} {
				text, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				require.Contains(t, string(text), c.story[0].deed.do)
			}
			require.NoError(t, os.RemoveAll(dir))
		})
	}
}

// What the packing of a device loses, no read can find.
func TestLifeIsReadAsItIs(t *testing.T) {
	t.Parallel()
	for _, at := range []int8{atReseller, atCustomer} {
		for name := range int8(lifeNames) {
			for _, s := range []lifeState{{at: at, name: name}, {at: at, name: name, suspended: true}, {at: at, name: name, retired: true}} {
				require.Equal(t, s, lifeSeen(s.packed()))
			}
		}
	}
}
