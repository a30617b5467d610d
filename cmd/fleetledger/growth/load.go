package growth

// Load is a service's size. What it does in a year or a day is the same at all sizes.
type Load struct {
	Devices, Customers, Resellers float64
}

// Sizes are those of the README's table.
var Sizes = []Load{
	{10_000, 100, 10},
	{100_000, 1_000, 10},
	{1_000_000, 10_000, 100},
	{10_000_000, 100_000, 1_000},
	{100_000_000, 1_000_000, 10_000},
}

// Planned is the size that the second table is about.
var Planned = Sizes[3]

// Scaled is the load of a service so many times as large.
func (l Load) Scaled(by float64) Load {
	return Load{l.Devices * by, l.Customers * by, l.Resellers * by}
}

// What is assumed of everybody.
const (
	// A device's year. The events add up to 1.5, and to 3 more when it is registered.
	renewalsAYear      = 0.6
	transfersAYear     = 0.1
	editsAYear         = 0.2
	registrationsAYear = 0.2 // the fleet grows by a fifth

	adminsOfReseller = 3.0  // people at a reseller's desk
	adminsOfCustomer = 1.0  // and at a customer's
	pagesOfReseller  = 60.0 // that each reads in a working day
	pagesOfCustomer  = 4.0

	// A program of each reseller reads a page a minute, day and night.
	programReads = 1.0 / 60

	// The largest reseller has a tenth of everything: devices, customers, people.
	largestShare = 0.1

	historyYears = 3.0 // of the log, when it is read again

	// All commands are given, and all pages read, in the 2,000 working hours of a
	// year, and in the busiest of them three times as many as on average.
	hoursAYear   = 8766.0
	workingHours = 2000.0
	hoursADay    = 8.0
	busiest      = 3.0
)

// Appends of each command, one event each: as a rename, which was measured, a transfer
// and an edit have three streams to write to. A registration takes the name, the serial
// number and the device.
const (
	appendsOfRenewal = 1
	appendsOfOther   = 3
)

// Rates are what is asked for in a second.
type Rates struct {
	Renewals, Others, Registrations float64 // commands
	Pages, LargestPages             float64 // of all but the largest reseller, and its own
	SignIns                         float64
}

// Mean is the load of a year, spread evenly.
func (l Load) Mean() Rates {
	return l.rates(1/(hoursAYear*3600), 1/(hoursAYear*3600)*workingHours/hoursADay)
}

// Busiest is the load of the busiest hour.
func (l Load) Busiest() Rates {
	return l.rates(busiest/(workingHours*3600), busiest/(hoursADay*3600))
}

// rates makes rates of what happens in a year, and of what happens in a working day.
func (l Load) rates(year, day float64) Rates {
	desk := l.Resellers * adminsOfReseller
	people := l.Customers * adminsOfCustomer
	return Rates{
		Renewals:      l.Devices * renewalsAYear * year,
		Others:        l.Devices * (transfersAYear + editsAYear) * year,
		Registrations: l.Devices * registrationsAYear * year,
		Pages:         (desk*pagesOfReseller*(1-largestShare)+people*pagesOfCustomer)*day + l.Resellers*programReads,
		LargestPages:  desk * pagesOfReseller * largestShare * day,
		SignIns:       (desk + people) * day,
	}
}

// Commands are all that append.
func (r Rates) Commands() float64 { return r.Renewals + r.Others + r.Registrations }

// Appends are their events.
func (r Rates) Appends() float64 {
	return r.Renewals*appendsOfRenewal + (r.Others+r.Registrations)*appendsOfOther
}

// Events is the length of the log after historyYears.
func (l Load) Events() float64 {
	aYear := renewalsAYear*appendsOfRenewal + (transfersAYear+editsAYear)*appendsOfOther
	return l.Devices * (appendsOfOther + aYear*historyYears)
}

// LargestFleet is the devices of the largest reseller: at a month's end it renews all of
// them at once.
func (l Load) LargestFleet() float64 { return l.Devices * largestShare }

// LargestCustomers is how many customers the largest reseller has.
func (l Load) LargestCustomers() float64 { return l.Customers * largestShare }
