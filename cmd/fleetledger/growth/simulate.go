package growth

import "slices"

// Bulk is an operation on many devices, with so many appends each.
type Bulk struct {
	Devices, Appends int
	Operations       int // at once, each on an instance of its own while there are some
}

// Outcome is what a simulation saw. Times are seconds.
type Outcome struct {
	Commands    Percentiles // from a command's beginning to its answer
	Pages       Percentiles
	Lag         Percentiles         // from an append to its effect in the fleet model
	BulkRate    float64             // devices a second
	Utilisation map[Station]float64 // not of projectors: the more they are behind, the more they do at once
}

// Percentiles of times.
type Percentiles struct{ P50, P99 float64 }

func percentilesOf(seconds []float64) Percentiles {
	if len(seconds) == 0 {
		return Percentiles{}
	}
	slices.Sort(seconds)
	return Percentiles{seconds[len(seconds)/2], seconds[len(seconds)*99/100]}
}

// Simulate lets the requests of some rates come for so many seconds, and as long as a
// bulk operation lasts that begins with them.
func (s Setup) Simulate(seed uint64, l Load, r Rates, seconds float64, bulk Bulk) Outcome {
	m := s.model(seed)
	running, ended := bulk.Operations, 0.0
	m.requests(l, r, func() bool { return m.now < seconds || running > 0 })
	for n := range bulk.Operations {
		m.operation(m.instances[n%len(m.instances)], bulk.Devices/bulk.Operations, bulk.Appends, func() {
			running--
			ended = m.now
		})
	}
	m.run()
	o := m.outcome()
	if ended > 0 {
		o.BulkRate = float64(bulk.Devices) / ended
	}
	return o
}

// model is the stations of a setup.
type model struct {
	*simulation
	instances []*station
	database  *station // on one machine the same as the only instance
	leader    *station
	fleet     *projector
	toDisk    times // until an append is safe, beside the leader's work
	commands  []float64
	pages     []float64
	turn      int
}

func (s Setup) model(seed uint64) *model {
	sim := newSimulation(seed)
	m := &model{simulation: sim, database: sim.station(s.DatabaseCores), leader: sim.station(1), fleet: sim.projector()}
	if !s.Cluster {
		m.instances = []*station{m.database}
		m.toDisk = spread(appendMedian)
		return m
	}
	for range s.Instances {
		m.instances = append(m.instances, sim.station(instanceCores))
	}
	m.toDisk = lognormal(clusterMedian, clusterP99)
	return m
}

// instance is the one whose turn it is.
func (m *model) instance() *station {
	m.turn++
	return m.instances[m.turn%len(m.instances)]
}

func (m *model) requests(l Load, r Rates, going func() bool) {
	m.comeCommands(r.Renewals, going, commandOurs, commandTime-commandOurs, appendsOfRenewal)
	m.comeCommands(r.Others, going, commandOurs, commandTime-commandOurs, appendsOfOther)
	m.comeCommands(r.Registrations, going, bulkTime*(1-databaseShare), bulkTime*databaseShare, appendsOfOther)
	m.comePages(r.Pages, going, l.pageOfOthers())
	m.comePages(r.LargestPages, going, pageDatabaseTime(l.LargestCustomers()))
	m.arrive(r.SignIns, going, func() { m.instance().serve(spread(signInTime), func() {}) })
}

func (m *model) comeCommands(rate float64, going func() bool, ours, database float64, appends int) {
	m.arrive(rate, going, func() {
		begun := m.now
		m.command(m.instance(), ours, database, appends, func() { m.commands = append(m.commands, m.now-begun) })
	})
}

func (m *model) comePages(rate float64, going func() bool, database float64) {
	m.arrive(rate, going, func() {
		begun := m.now
		m.instance().serve(spread(pageOurTime), func() {
			m.database.serve(spread(database), func() { m.pages = append(m.pages, m.now-begun) })
		})
	})
}

// operation changes devices in bulk, inFlight at a time.
func (m *model) operation(at *station, devices, appends int, ended func()) {
	m.together(devices, inFlight, func(then func()) {
		m.command(at, bulkTime*(1-databaseShare), bulkTime*databaseShare, appends, then)
	}, ended)
}

// command decides, then appends one event after the other.
func (m *model) command(at *station, ours, database float64, appends int, then func()) {
	at.serve(spread(ours), func() {
		m.database.serve(spread(database), func() { m.appends(appends, then) })
	})
}

func (m *model) appends(left int, then func()) {
	if left == 0 {
		then()
		return
	}
	m.leader.serve(constant(1/appendRate), func() {
		m.after(m.toDisk(m.random), func() {
			m.fleet.appended()
			m.appends(left-1, then)
		})
	})
}

func (m *model) outcome() Outcome {
	used := map[Station]float64{Leader: m.leader.utilisation()}
	if m.instances[0] == m.database {
		used[Processors] = m.database.utilisation()
	} else {
		used[Database] = m.database.utilisation()
		for _, i := range m.instances {
			used[Instances] += i.utilisation() / float64(len(m.instances))
		}
	}
	return Outcome{
		Commands: percentilesOf(m.commands), Pages: percentilesOf(m.pages), Lag: percentilesOf(m.fleet.lags), Utilisation: used,
	}
}
