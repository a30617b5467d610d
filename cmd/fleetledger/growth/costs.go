package growth

// What was measured: on one machine with 2 cores that others used, too, with PostgreSQL
// 15 and the embedded event node, on 30 November 2026. `fleetledger bench` measures most
// of it anywhere. Times are seconds.
const (
	measuredCores = 2

	appendRate    = 5200.0 // durable appends of one event a second, 16 callers
	appendMedian  = 0.9e-3 // of one caller alone
	visibleMedian = 5e-3   // from the beginning of a command to its effect in the read model
	visibleP99    = 16e-3

	commandRate = 750.0  // renames a second over HTTP, both cores busy
	commandTime = 2.7e-3 // of a core for one of them, the read models that follow included
	commandOurs = 1.6e-3 // of that in this program; the rest in PostgreSQL

	bulkRate = 990.0  // devices a second that were registered in bulk, both cores busy
	bulkTime = 2.0e-3 // of a core for one of them

	pageTime      = 3.8e-3 // of a core for a Customers page of 50, over HTTP
	pageDatabase  = 2.5e-3 // of that in PostgreSQL
	pageOfMany    = 65e-3  // the page of a reseller with manyCustomers, a million devices
	pastOfMany    = 95e-3  // the same page as of a day in the past
	manyCustomers = 10_000
	fewCustomers  = 50

	// Events a second that each read model takes in, the lowest that was seen.
	fleetRate        = 10_000.0
	feedRate         = 18_000.0
	transparencyRate = 45_000.0

	copyRate = 1100.0 // events a second of `log copy`

	deviceWithWAL = 15_700.0 // bytes written for a device that is registered
)

// What was not measured.
const (
	// An append to a cluster of three nodes takes a network's way and a second disk. How
	// many its leader takes a second is not known: as many as one machine, appendRate.
	clusterMedian = 2e-3
	clusterP99    = 10e-3

	// A batch that the projector takes: what it takes however small it is (of
	// visibleMedian, without the command), and at most how many events.
	batchFixed = 3e-3
	batchMost  = 500

	signInTime = 50e-3 // of a core: passwords are meant to be slow to check

	// Bytes on disk: log, rows and indexes of a device as registered, without the WAL
	// that PostgreSQL recycles, and of each later event.
	deviceBytes = 5000.0
	eventBytes  = 1000.0
)

// databaseShare is PostgreSQL's part of a command's time. It has the embedded node's
// in it, which a cluster takes off PostgreSQL.
const databaseShare = 1 - commandOurs/commandTime

// inFlight is how many appends a bulk operation waits for at once: command.Workers.
const inFlight = 16

// pageDatabaseTime is what a Customers page takes of PostgreSQL. It sorts the counts
// of all customers of the reseller, so it grows with them, and not with the devices.
func pageDatabaseTime(customers float64) float64 {
	const each = (pageOfMany - pageTime) / (manyCustomers - fewCustomers)
	return pageDatabase + each*max(0, customers-fewCustomers)
}

// pageOurTime is the rest of the page's time, this program's and the connection's.
const pageOurTime = pageTime - pageDatabase

// batchEach is what each event of a batch takes, so that full ones make fleetRate.
const batchEach = 1/fleetRate - batchFixed/batchMost
