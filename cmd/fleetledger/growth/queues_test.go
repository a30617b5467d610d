package growth

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func exponential(mean float64) times {
	return func(r *rand.Rand) float64 { return mean * r.ExpFloat64() }
}

// queued is a station that some 100,000 requests came to.
func queued(seed uint64, servers int, rate float64, takes times) *station {
	s := newSimulation(seed)
	st := s.station(servers)
	s.arrive(rate, func() bool { return s.now < 100_000/rate }, func() { st.serve(takes, func() {}) })
	s.run()
	return st
}

// The times that theory has for the plain cases, of a service that takes a second.
func TestWaitingIsWhatTheoryTells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		servers int
		rate    float64
		takes   times
		waits   float64
	}{
		"M/M/1 half busy":           {1, 0.5, exponential(1), 1},
		"M/M/1 busy":                {1, 0.7, exponential(1), 0.7 / 0.3},
		"M/D/1 half busy":           {1, 0.5, constant(1), 0.5},
		"M/D/1 busy":                {1, 0.7, constant(1), 0.7 / 0.3 / 2},
		"M/M/2":                     {2, 1.2, exponential(1), 0.36 / (1 - 0.36)},
		"M/G/1, squares as of 2, 6": {1, 0.5, lognormal(0.8, 2.5), waitOfLognormal(0.5, 0.8, 2.5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var waited float64
			for seed := range uint64(4) {
				st := queued(seed, c.servers, c.rate, c.takes)
				waited += st.waited / float64(st.visits) / 4
			}
			require.InEpsilon(t, c.waits, waited, 0.03)
		})
	}
}

// waitOfLognormal is the formula of Pollaczek and Khinchine: rate × mean of squares / 2(1-busy).
func waitOfLognormal(rate, median, p99 float64) float64 {
	mean := lognormalMean(median, p99)
	squares := mean * mean * (mean / median) * (mean / median) // exp(σ²) is (mean/median)²
	return rate * squares / 2 / (1 - rate*mean)
}

func TestStationsAreBusyForWhatIsAsked(t *testing.T) {
	t.Parallel()
	require.InEpsilon(t, 0.7, queued(3, 1, 0.7, exponential(1)).utilisation(), 0.02)
	require.InEpsilon(t, 0.6, queued(3, 2, 1.2, constant(1)).utilisation(), 0.02)
	require.InEpsilon(t, 0.5, queued(3, 4, 2, spread(1)).utilisation(), 0.02)
}

func TestTimesHaveTheirPercentiles(t *testing.T) {
	t.Parallel()
	s := newSimulation(5)
	draw := func(of times) (drawn []float64, mean float64) {
		for range 100_000 {
			x := of(s.random)
			drawn, mean = append(drawn, x), mean+x/100_000
		}
		return drawn, mean
	}
	drawn, mean := draw(lognormal(clusterMedian, clusterP99))
	p := percentilesOf(drawn)
	require.InEpsilon(t, clusterMedian, p.P50, 0.02)
	require.InEpsilon(t, clusterP99, p.P99, 0.03)
	require.InEpsilon(t, lognormalMean(clusterMedian, clusterP99), mean, 0.02)
	_, mean = draw(spread(commandTime))
	require.InEpsilon(t, commandTime, mean, 0.02)
}

// projected is a projector that so many events came to at an even rate.
func projected(events int, rate float64) *projector {
	s := newSimulation(1)
	p := s.projector()
	p.varies = constant(1)
	for n := range events {
		s.after(float64(n)/rate, p.appended)
	}
	s.run()
	return p
}

// One event waits for its own batch alone. Above what it takes, the projector falls
// behind as the formula tells; below, batches make up for what each costs.
func TestProjectorTakesBatches(t *testing.T) {
	t.Parallel()
	require.InEpsilon(t, batchFixed+batchEach, projected(1, 1).lags[0], 1e-9)
	overrun := projected(100_000, 15_000).lags
	require.InEpsilon(t, Behind(100_000, 15_000, fleetRate), overrun[len(overrun)-1], 0.01)
	require.Less(t, percentilesOf(projected(100_000, 5_000).lags).P99, 0.02)
	require.Zero(t, Behind(100_000, 5_000, fleetRate))
}

func TestProjectorSeesEveryEventOnceAndInOrder(t *testing.T) {
	t.Parallel()
	p := projected(5_001, 8_000)
	require.Len(t, p.lags, 5_001)
	for n := 1; n < len(p.lags); n++ {
		require.GreaterOrEqual(t, float64(n)/8_000+p.lags[n], float64(n-1)/8_000+p.lags[n-1]-1e-9)
	}
}
