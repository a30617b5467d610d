package growth

import (
	"container/heap"
	"math"
	"math/rand/v2"
)

// simulation is a discrete-event simulation: it goes from one thing that happens to the
// next, on a clock of its own. The same seed makes the same run.
type simulation struct {
	now     float64
	random  *rand.Rand
	coming  agenda
	planned int
}

func newSimulation(seed uint64) *simulation {
	return &simulation{random: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // it is to come out the same again
}

// after plans what happens in so many seconds.
func (s *simulation) after(seconds float64, happens func()) {
	s.planned++
	heap.Push(&s.coming, planned{s.now + seconds, s.planned, happens})
}

// run goes on until nothing is left to happen.
func (s *simulation) run() {
	for len(s.coming) > 0 {
		next := heap.Pop(&s.coming).(planned)
		s.now = next.at
		next.happens()
	}
}

type planned struct {
	at      float64
	number  int // what was planned first comes first
	happens func()
}

// agenda is a heap, the next to happen on top.
type agenda []planned

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].number < a[j].number
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(p any)   { *a = append(*a, p.(planned)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	p := (*a)[last]
	(*a)[last] = planned{}
	*a = (*a)[:last]
	return p
}

// times is a distribution of times.
type times func(*rand.Rand) float64

func constant(mean float64) times { return func(*rand.Rand) float64 { return mean } }

// normalP99 is how many standard deviations the 99th percentile is from the middle.
const normalP99 = 2.3263

// lognormal has the two percentiles that were measured.
func lognormal(median, p99 float64) times {
	sigma := sigmaOf(median, p99)
	return func(r *rand.Rand) float64 { return median * math.Exp(sigma*r.NormFloat64()) }
}

func sigmaOf(median, p99 float64) float64 { return math.Log(p99/median) / normalP99 }

// lognormalMean is the mean of lognormal.
func lognormalMean(median, p99 float64) float64 {
	sigma := sigmaOf(median, p99)
	return median * math.Exp(sigma*sigma/2)
}

// spread is a time of which only the mean is known: it varies as much as the time until
// a change is visible does.
func spread(mean float64) times {
	median := mean / lognormalMean(1, visibleP99/visibleMedian)
	return lognormal(median, median*visibleP99/visibleMedian)
}

// station serves whoever came first, so many at once.
type station struct {
	*simulation
	servers int
	serving int
	queue   []visit
	busy    float64 // seconds of all servers together
	waited  float64 // seconds of all visits together
	visits  int
}

type visit struct {
	since, takes float64
	then         func()
}

func (s *simulation) station(servers int) *station { return &station{simulation: s, servers: servers} }

// serve goes on with then when a server has done the work.
func (st *station) serve(takes times, then func()) {
	v := visit{st.now, takes(st.random), then}
	if st.serving == st.servers {
		st.queue = append(st.queue, v)
		return
	}
	st.serving++
	st.begin(v)
}

func (st *station) begin(v visit) {
	st.visits++
	st.waited += st.now - v.since
	st.busy += v.takes
	st.after(v.takes, func() {
		if len(st.queue) > 0 {
			next := st.queue[0]
			st.queue = st.queue[1:]
			st.begin(next)
		} else {
			st.serving--
		}
		v.then()
	})
}

// utilisation is how busy it was until now.
func (st *station) utilisation() float64 { return st.busy / float64(st.servers) / st.now }

// projector takes what is there, up to batchMost events, and nothing else meanwhile.
type projector struct {
	*simulation
	fixed, each float64
	varies      times // around 1
	waiting     []float64
	working     bool
	lags        []float64 // from append to visible
}

func (s *simulation) projector() *projector {
	return &projector{simulation: s, fixed: batchFixed, each: batchEach, varies: spread(1)}
}

// appended is told of an event.
func (p *projector) appended() {
	p.waiting = append(p.waiting, p.now)
	if !p.working {
		p.batch()
	}
}

func (p *projector) batch() {
	n := min(len(p.waiting), batchMost)
	if p.working = n > 0; !p.working {
		return
	}
	events := p.waiting[:n]
	p.waiting = p.waiting[n:]
	takes := (p.fixed + p.each*float64(n)) * p.varies(p.random)
	p.after(takes, func() {
		for _, at := range events {
			p.lags = append(p.lags, p.now-at)
		}
		p.batch()
	})
}

// arrive lets requests come by chance, so many a second on average, while going says so.
func (s *simulation) arrive(rate float64, going func() bool, request func()) {
	if rate <= 0 {
		return
	}
	s.after(s.random.ExpFloat64()/rate, func() {
		if !going() {
			return
		}
		request()
		s.arrive(rate, going, request)
	})
}

// together lets a number of tasks be done, so many at a time.
func (s *simulation) together(tasks, atOnce int, task func(then func()), ended func()) {
	begun, done := 0, 0
	var next func()
	next = func() {
		if begun == tasks {
			return
		}
		begun++
		task(func() {
			if done++; done == tasks {
				ended()
			}
			next()
		})
	}
	for range min(tasks, atOnce) {
		next()
	}
}
