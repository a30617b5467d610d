package growth

import "math"

// Setup is what is run.
type Setup struct {
	Cluster       bool // three nodes of the event store and a PostgreSQL server; else one machine
	Instances     int  // of the service, each on instanceCores; one on one machine
	DatabaseCores int  // of the PostgreSQL server; on one machine all cores it has
}

// instanceCores is what each instance has in a cluster.
const instanceCores = 2

// enough is how busy the processors may be in the busiest hour: what is above it is
// for a bulk operation, or for an instance that is away.
const enough = 0.5

// night is how long a log may take to be copied to a cluster, in seconds: whoever
// waits until it is longer does not move any more.
const night = 8 * 3600

// oneMachine is the one that was measured.
var oneMachine = Setup{Instances: 1, DatabaseCores: measuredCores}

// SetupFor is the smallest setup that is enough for a load.
func SetupFor(l Load) Setup {
	if oneMachine.Busiest(l).Of(Processors) <= enough && l.Copy() <= night {
		return oneMachine
	}
	r := l.Busiest()
	return Setup{
		Cluster:       true,
		Instances:     max(2, int(math.Ceil(r.ours()/enough/instanceCores))),
		DatabaseCores: max(4, powerOfTwo(l.database(r)/enough)),
	}
}

func powerOfTwo(atLeast float64) int { return 1 << int(math.Ceil(math.Log2(max(1, atLeast)))) }

// Station is where requests and events queue.
type Station string

// The stations.
const (
	Leader       Station = "the log's leader: every append, and the order of all"
	Fleet        Station = "projector of the fleet"
	Feed         Station = "projector of the feed"
	Transparency Station = "projector of the tree"
	Processors   Station = "the machine's processors"
	Instances    Station = "processors of the instances"
	Database     Station = "processors of the PostgreSQL primary"
)

// Use is how much of a station is asked for: work a second of what it takes.
type Use struct {
	Station Station
	Asked   float64
	Takes   float64
	Unit    string
}

// Utilisation is the part of the time that it is busy; above 1 it falls behind.
func (u Use) Utilisation() float64 { return u.Asked / u.Takes }

// Uses are all stations of a setup.
type Uses []Use

// Of is the utilisation of one of them; 0 where there is none.
func (uses Uses) Of(s Station) float64 {
	for _, u := range uses {
		if u.Station == s {
			return u.Utilisation()
		}
	}
	return 0
}

// Busiest is how busy the stations are in the busiest hour.
func (s Setup) Busiest(l Load) Uses {
	r := l.Busiest()
	return s.uses(r.Appends(), r.ours(), l.database(r))
}

// renewing is how busy they are with so many renewals a second, of a bulk operation.
func (s Setup) renewing(rate float64) Uses {
	return s.uses(rate*appendsOfRenewal, rate*bulkTime*(1-databaseShare), rate*bulkTime*databaseShare)
}

// uses are those of so many appends a second, and so many cores' work.
func (s Setup) uses(appends, ours, database float64) Uses {
	uses := Uses{
		{Leader, appends, appendRate, "appends/s"},
		{Fleet, appends, fleetRate, "events/s"},
		{Feed, appends, feedRate, "events/s"},
		{Transparency, appends, transparencyRate, "events/s"},
	}
	if !s.Cluster {
		return append(uses, Use{Processors, ours + database, float64(s.DatabaseCores), "cores"})
	}
	return append(uses,
		Use{Instances, ours, float64(s.Instances * instanceCores), "cores"},
		Use{Database, database, float64(s.DatabaseCores), "cores"})
}

// ours is the work of the service itself, in cores.
func (r Rates) ours() float64 {
	return (r.Renewals+r.Others)*commandOurs + r.Registrations*bulkTime*(1-databaseShare) +
		(r.Pages+r.LargestPages)*pageOurTime + r.SignIns*signInTime
}

// database is that of PostgreSQL. Following is in the commands' time, as measured.
func (l Load) database(r Rates) float64 {
	return (r.Renewals+r.Others)*(commandTime-commandOurs) + r.Registrations*bulkTime*databaseShare +
		r.Pages*l.pageOfOthers() + r.LargestPages*pageDatabaseTime(l.LargestCustomers())
}

// pageOfOthers is a page's time in PostgreSQL of all but the largest reseller.
func (l Load) pageOfOthers() float64 {
	others := max(1, l.Resellers-1)
	return pageDatabaseTime(l.Customers * (1 - largestShare) / others)
}

// GivesIn is the size at which a station of the setup is busy all of the busiest
// hour, when everything but the setup grows. Pages cost more then, so it is not
// simply as many times as large.
func (s Setup) GivesIn(l Load, station Station) Load {
	low, high := 1e-6, 1e12
	for range 100 {
		middle := math.Sqrt(low * high)
		if s.Busiest(l.Scaled(middle)).Of(station) < 1 {
			low = middle
		} else {
			high = middle
		}
	}
	return l.Scaled(low)
}

// GivesInFirst is the station that does so at the smallest size, and that size. Instances
// are no reason: more of them can be added at any time.
func (s Setup) GivesInFirst(l Load) (Station, Load) {
	var first Station
	size := Load{Devices: math.Inf(1)}
	for _, u := range s.Busiest(l) {
		if at := s.GivesIn(l, u.Station); u.Station != Instances && at.Devices < size.Devices {
			first, size = u.Station, at
		}
	}
	return first, size
}

// Rebuild is how long a read model takes to be made anew, in seconds. It counts as if
// each followed every event; the fleet and the feed skip reservations.
func (l Load) Rebuild(rate float64) float64 { return l.Events() / rate }

// Copy is how long `log copy` to a cluster takes, in seconds. Each event waits for the
// one before it, so what counts is how long an append takes.
func (l Load) Copy() float64 {
	return l.Events() * max(1/copyRate, lognormalMean(clusterMedian, clusterP99))
}

// Bytes is what the service takes on disk, once: log, read models, indexes.
func (l Load) Bytes() float64 {
	return l.Devices*deviceBytes + (l.Events()-l.Devices*appendsOfOther)*eventBytes
}

// Behind is how long the last of so many events waits for a projector, when they
// arrive faster than it takes them.
func Behind(events, arrive, takes float64) float64 { return max(0, events/takes-events/arrive) }
