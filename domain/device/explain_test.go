package device_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

// lived draws a device's history, and the day after it.
func lived(t *rapid.T) (events []device.Happened, s device.State, today calendar.Date) {
	today = day0
	for range rapid.IntRange(1, 40).Draw(t, "length") {
		today += calendar.Date(rapid.IntRange(0, 500).Draw(t, "days"))
		_, decide := command(t, today)
		for _, e := range domaintest.Allowed(decide(s)) {
			s = device.Evolve(s, e)
			events = append(events, device.Happened{Event: e, On: today})
		}
	}
	return events, s, today
}

func input(b device.Because, name string) string {
	i := slices.IndexFunc(b.Inputs, func(in device.Input) bool { return in.Name == name })
	if i < 0 {
		return ""
	}
	return b.Inputs[i].Value
}

// TestExplanationsHold recomputes each explained value from the events that it names
// alone, and each date by a term from what the rule names.
func TestExplanationsHold(t *testing.T) {
	t.Parallel()
	terms := 0
	rapid.Check(t, func(t *rapid.T) {
		events, s, today := lived(t)
		day := today + calendar.Date(rapid.IntRange(0, 4000).Draw(t, "ahead"))
		for _, e := range s.Ahead(day, device.DefaultRules) {
			s = device.Evolve(s, e)
			events = append(events, device.Happened{Event: e, On: day})
		}
		all := device.Explain(s.UID, events, day, device.DefaultRules)
		if !s.Exists() {
			require.Empty(t, all)
			return
		}
		for _, one := range all {

			var alone []device.Happened
			for _, i := range one.From {
				alone = append(alone, events[i])
			}
			again := device.Explain(s.UID, alone, day, device.DefaultRules)
			i := slices.IndexFunc(again, func(e device.Explained) bool { return e.Field == one.Field })
			require.GreaterOrEqual(t, i, 0, one.Field)
			require.Equal(t, one.Value, again[i].Value, "%s from %v", one.Field, one.From)

			term, err := calendar.ParseTerm(input(one.Because, "term"))
			if err != nil {
				continue
			}
			terms++
			from, anchor := input(one.Because, "from"), input(one.Because, "anchorDay")
			if from == "" {
				from = input(one.Because, "firstRegistered")
			}
			start, err := calendar.Parse(from)
			require.NoError(t, err)
			day, err := strconv.Atoi(anchor)
			require.NoError(t, err)
			require.Equal(t, one.Value, term.From(start, day).String(), "%s: %+v", one.Field, one.Because)
		}
	})
	require.Positive(t, terms)
}

// TestWhy tells what a device's dates say in the words of the rules.
func TestWhy(t *testing.T) {
	t.Parallel()
	day1 := day0.AddMonths(6, day0.Day())
	s, events := device.State{}, []device.Happened(nil)
	does := func(on calendar.Date, decide decision) {
		t.Helper()
		made, err := decide(s)
		require.NoError(t, err)
		for _, e := range made {
			s = device.Evolve(s, e)
			events = append(events, device.Happened{Event: e, On: on})
		}
	}
	why := func(field string, day calendar.Date) string {
		t.Helper()
		for _, one := range device.Explain(s.UID, events, day, device.DefaultRules) {
			if one.Field == field {
				return one.Value + ": " + one.Because.Text
			}
		}
		return "no such field"
	}
	does(day0, register(reseller, day0))
	require.Equal(t, day0.AddMonths(60, day0.Day()).String()+": a free term, as the account is a reseller's, 5 years from the registration on "+day0.String(), why("serviceEnd", day0))
	require.Equal(t, day0.AddMonths(12, day0.Day()).String()+": one year from the first registration anywhere, on "+day0.String(), why("includedUntil", day0))
	does(day1, transfer(reseller, customer, day1))
	require.Equal(t, day1.AddMonths(12, day1.Day()).String()+": the included term, begun anew within the included year, one year from the transfer on "+day1.String()+
		"; eligibility version 2, included until "+day0.AddMonths(12, day0.Day()).String(), why("serviceEnd", day1))
	does(day1, order(1, day1, term("P1Y")))
	require.Equal(t, day1.AddMonths(24, day1.Day()).String()+": one year after the end before it, "+day1.AddMonths(12, day1.Day()).String()+", by order", why("serviceEnd", day1))
	require.Equal(t, "expired: the last day of service was "+day1.AddMonths(24, day1.Day()).String(), why("serviceStatus", day1.AddMonths(25, 1)))
	require.Contains(t, why("warrantyEnd", day1), "it follows the service end, as the offer is complete")
	does(day1, reverseRenewal(1, 2))
	require.Contains(t, why("serviceEnd", day1), "as before the order that was taken back on "+day1.String())
}
