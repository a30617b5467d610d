package growth

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The machine that was measured does in the simulation what it did: both rates were
// measured with 16 callers and both cores busy.
func TestMeasuredRatesComeOut(t *testing.T) {
	t.Parallel()
	m := oneMachine.model(1)
	m.together(10_000, inFlight, func(then func()) {
		m.command(m.instance(), commandOurs, commandTime-commandOurs, appendsOfOther, then)
	}, func() {})
	m.run()
	require.InEpsilon(t, commandRate, 10_000/m.now, 0.05)

	registered := oneMachine.Simulate(1, Load{}, Rates{}, 0, Bulk{Devices: 10_000, Appends: appendsOfOther, Operations: 1})
	require.InEpsilon(t, bulkRate, registered.BulkRate, 0.05)
}

// The same seed is the same run, another is another one.
func TestSimulationCanBeRepeated(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) Outcome {
		return SetupFor(Planned).Simulate(seed, Planned, Planned.Busiest(), 5, renewalOf(Planned.Scaled(0.01)))
	}
	require.Equal(t, run(1), run(1))
	require.NotEqual(t, run(1), run(2))
}

// Simulation and closed form tell the same of how busy each station is.
func TestSimulationAgreesWithTheClosedForm(t *testing.T) {
	t.Parallel()
	for _, l := range Sizes[2:] {
		for name, s := range map[string]Setup{"one machine": oneMachine, "its own": SetupFor(l)} {
			uses := s.Busiest(l)
			if uses.Of(Processors) > 0.9 {
				continue // it would fall behind
			}
			t.Run(fmt.Sprint(l.Devices, " ", name), func(t *testing.T) {
				t.Parallel()
				o := s.Simulate(11, l, l.Busiest(), 60_000/(l.Busiest().Pages+1), Bulk{})
				for _, station := range []Station{Leader, Processors, Instances, Database} {
					require.InDelta(t, uses.Of(station), o.Utilisation[station], 0.002+uses.Of(station)*0.05, station)
				}
			})
		}
	}
}

// More load never means less waiting. Each step is averaged over seeds.
func TestMoreLoadIsNoLessLag(t *testing.T) {
	t.Parallel()
	s := Setup{Cluster: true, Instances: 8, DatabaseCores: 32}
	var lag, command float64
	for _, renewals := range []float64{10, 500, 1500, 3000, 4500} {
		var lags, commands float64
		for seed := range uint64(4) {
			o := s.Simulate(seed, Planned, Rates{Renewals: renewals}, 20_000/renewals, Bulk{})
			lags, commands = lags+o.Lag.P50, commands+o.Commands.P99
		}
		require.Greater(t, lags, lag, renewals)
		require.Greater(t, commands, command*0.95, renewals)
		lag, command = lags, commands
	}
}

// An operation takes one instance's processors, so the leader and the projector have
// room for several; commands on other instances go on.
func TestBulkOperationLeavesRoom(t *testing.T) {
	t.Parallel()
	s := SetupFor(Planned)
	o := s.Simulate(1, Planned, Planned.Busiest(), 0, renewalOf(Planned))
	require.Less(t, o.BulkRate, inFlight/lognormalMean(clusterMedian, clusterP99))
	require.Less(t, o.Utilisation[Leader], 0.5)
	require.Less(t, o.Lag.P99, 0.03)
	require.Less(t, o.Commands.P50, 0.02)
}

// However many operations run, what they write comes no faster than the leader takes
// it, so the projector keeps up.
func TestLeaderGivesInBeforeTheProjector(t *testing.T) {
	t.Parallel()
	s := Setup{Cluster: true, Instances: 16, DatabaseCores: 64}
	o := s.Simulate(1, Planned, Rates{}, 0, Bulk{Devices: 80_000, Appends: 1, Operations: 16})
	require.Greater(t, o.Utilisation[Leader], 0.95)
	require.Less(t, o.Lag.P99, 0.1)
}
