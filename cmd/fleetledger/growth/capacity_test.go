package growth

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func anyLoad(t *rapid.T) Load {
	resellers := float64(rapid.IntRange(10, 10_000).Draw(t, "resellers"))
	customers := resellers * float64(rapid.IntRange(1, 200).Draw(t, "customers of each"))
	return Load{customers * float64(rapid.IntRange(1, 1000).Draw(t, "devices of each")), customers, resellers}
}

// A setup is enough for its load, and a larger load never has a smaller one.
func TestSetupIsEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := anyLoad(t)
		s, larger := SetupFor(l), SetupFor(l.Scaled(rapid.Float64Range(1, 10).Draw(t, "times")))
		for _, station := range []Station{Processors, Instances, Database} {
			require.LessOrEqual(t, s.Busiest(l).Of(station), enough+1e-9)
		}
		require.GreaterOrEqual(t, larger.Instances, s.Instances)
		require.GreaterOrEqual(t, larger.DatabaseCores, s.DatabaseCores)
		require.False(t, s.Cluster && !larger.Cluster)
	})
}

// At the size where a station gives in it is busy all the time, and no size is found
// where more load would leave room.
func TestGivesInWhereItIsFull(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := anyLoad(t)
		s := SetupFor(l)
		for _, u := range s.Busiest(l) {
			at := s.GivesIn(l, u.Station)
			require.InDelta(t, 1, s.Busiest(at).Of(u.Station), 1e-6)
			require.Greater(t, s.Busiest(at.Scaled(1.01)).Of(u.Station), 1.0)
		}
		first, at := s.GivesInFirst(l)
		require.NotEqual(t, Instances, first)
		require.InDelta(t, 1, s.Busiest(at).Of(first), 1e-6)
	})
}

// What has been measured is what the formulas give for it.
func TestCostsAreThoseMeasured(t *testing.T) {
	t.Parallel()
	require.InEpsilon(t, commandRate, measuredCores/commandTime, 0.02)
	require.InEpsilon(t, bulkRate, measuredCores/bulkTime, 0.02)
	require.InEpsilon(t, pageOfMany, pageOurTime+pageDatabaseTime(manyCustomers), 1e-9)
	require.InEpsilon(t, pageTime, pageOurTime+pageDatabaseTime(fewCustomers), 1e-9)
	require.InEpsilon(t, batchMost/fleetRate, batchFixed+batchEach*batchMost, 1e-9)
}

// The year adds up: 1.5 events a device, and the busiest hours hold all of it.
func TestLoadAddsUp(t *testing.T) {
	t.Parallel()
	l := Load{Devices: 1, Customers: 1, Resellers: 1}
	require.InEpsilon(t, 3+1.5*historyYears, l.Events(), 1e-9)
	require.InEpsilon(t, 1.5+registrationsAYear*3, l.Mean().Appends()*hoursAYear*3600, 1e-9)
	require.InEpsilon(t, l.Mean().Commands()*hoursAYear/workingHours*busiest, l.Busiest().Commands(), 1e-9)
	require.InEpsilon(t, (l.Mean().Pages-programReads)*hoursAYear/workingHours*busiest, l.Busiest().Pages-programReads, 1e-9)
}

// Why no read model is split by account: none is busy at ten million devices, and a log
// that takes its events from one leader cannot outrun it.
func TestNoReadModelNeedsToBeSplit(t *testing.T) {
	t.Parallel()
	uses := SetupFor(Planned).Busiest(Planned)
	for _, projector := range []Station{Fleet, Feed, Transparency} {
		require.Less(t, uses.Of(projector), 0.01)
		require.Less(t, uses.Of(projector), uses.Of(Leader))
	}
}
