package growth

import (
	"fmt"
	"strings"
)

// Section is what the README says between its marks: two tables and what they stand on.
func Section() string {
	return sizes() + "\n" + parts(Planned) + "\n" + notes(Planned)
}

func sizes() string {
	var b strings.Builder
	b.WriteString("| devices, customers, resellers | what to run | busiest hour, a second | gives in first | the largest reseller renews all it has | its Customers page | rebuild of the fleet model | on disk |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|\n")
	for _, l := range Sizes {
		b.WriteString(row(l))
	}
	return b.String()
}

// row tells of one size.
func row(l Load) string {
	s, r := SetupFor(l), l.Busiest()
	first, size := s.GivesInFirst(l)
	o := s.Simulate(1, l, r, 0, renewalOf(l))
	return fmt.Sprintf("| %s, %s, %s | %s | %s appends, %s pages | %s, at %s devices | %s devices in %s, each visible after %s (p99) | %s | %s | %s |\n",
		count(l.Devices), count(l.Customers), count(l.Resellers), s, rate(r.Appends()), rate(r.Pages+r.LargestPages),
		first.short(), count(size.Devices), count(l.LargestFleet()), span(l.LargestFleet()/o.BulkRate), span(o.Lag.P99),
		span(pageOurTime+pageDatabaseTime(l.LargestCustomers())), span(l.Rebuild(fleetRate)), bytes(l.Bytes()))
}

// renewalOf is a month's end: the largest reseller renews everything, as one operation.
// Its beginning is simulated; the rest is like it.
func renewalOf(l Load) Bulk {
	return Bulk{Devices: int(min(l.LargestFleet(), 50_000)), Appends: appendsOfRenewal, Operations: 1}
}

// String says what to run.
func (s Setup) String() string {
	if !s.Cluster {
		return fmt.Sprintf("`serve`, one machine of %d cores", s.DatabaseCores)
	}
	return fmt.Sprintf("three event store nodes, PostgreSQL of %d cores and a standby, %d instances of %d cores", s.DatabaseCores, s.Instances, instanceCores)
}

// short is a station's name without what it is.
func (s Station) short() string { name, _, _ := strings.Cut(string(s), ":"); return name }

// parts tells how much room each part has at one size.
func parts(l Load) string {
	var b strings.Builder
	s := SetupFor(l)
	busy := s.Busiest(l)
	each := s.Simulate(1, l, Rates{}, 0, renewalOf(l)).BulkRate
	fmt.Fprintf(&b, "| at %s devices | takes | busiest hour | bulk operations at once that fill it | more of it |\n|---|---|---|---|---|\n", count(l.Devices))
	for i, u := range s.renewing(each) {
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s | %s |\n",
			u.Station, amount(u.Takes), u.Unit, percent(busy[i].Utilisation()), amount(1/u.Utilisation()), u.Station.more())
	}
	return b.String()
}

// more is how a station grows.
func (s Station) more() string {
	switch s {
	case Leader:
		return "no, there is one: faster disks"
	case Fleet, Feed, Transparency:
		return "no, one at a time, on any instance"
	case Database:
		return "no, there is one: more cores. The service reads and writes at `FLEETLEDGER_DATABASE_URL` alone; replicas can serve analysts only"
	default:
		return "more instances"
	}
}

// notes are what the tables stand on.
func notes(l Load) string {
	var b strings.Builder
	for _, line := range []string{measured(), assumed(l), seen(l), unsplit(l), beyond(l)} {
		b.WriteString(wrapped("- " + line))
	}
	return b.String()
}

func measured() string {
	return fmt.Sprintf("Measured on one machine with %d shared cores. Assumed, as no cluster was there: an append to one takes %s (p50) to %s (p99), "+
		"and its leader takes %s a second, as many as that machine; a sign-in takes %s; a device has %.0f kB on disk (%.1f kB with the WAL, measured), each later event %.0f kB; a page's time is a straight line from %s customers (%s) to %s (%s, measured too; %s of the past).",
		measuredCores, span(clusterMedian), span(clusterP99), amount(appendRate), span(signInTime), deviceBytes/1e3, deviceWithWAL/1e3, eventBytes/1e3,
		count(fewCustomers), span(pageTime), count(manyCustomers), span(pageOfMany), span(pastOfMany))
}

func assumed(l Load) string {
	return fmt.Sprintf("Assumed: a device has %.1g renewals, %.1g transfers and %.1g edits a year, and the fleet grows by a fifth; of each reseller %.0f people read %.0f pages a working day, "+
		"of each customer one reads %.0f, a program of each reseller one a minute; a tenth of everything is the largest reseller's; the busiest hour has %.0f times the commands of the mean one; the log is %.0f years old.",
		renewalsAYear, transfersAYear, editsAYear, adminsOfReseller, pagesOfReseller, pagesOfCustomer, l.Busiest().Appends()/l.Mean().Appends(), historyYears)
}

func seen(l Load) string {
	s, r := SetupFor(l), l.Busiest()
	usual, bulk := s.Simulate(1, l, r, 600, Bulk{}), s.Simulate(1, l, r, 0, renewalOf(l))
	return fmt.Sprintf("At %s devices the mean is %s appends a second. In the busiest hour a command takes %s (p50) to %s (p99), and %s to %s while the largest reseller renews. "+
		"One machine of %d cores would be %s busy; the cluster is there so that one of its nodes may fail, and moving is easier early: `log copy` takes %s for %s devices, %s for %s.",
		count(l.Devices), amount(l.Mean().Appends()), span(usual.Commands.P50), span(usual.Commands.P99), span(bulk.Commands.P50), span(bulk.Commands.P99),
		measuredCores, percent(oneMachine.Busiest(l).Of(Processors)), span(l.Scaled(0.1).Copy()), count(l.Devices/10), span(l.Copy()), count(l.Devices))
}

// many is more bulk operations at once than the leader can do with.
var many = Setup{Cluster: true, Instances: 8, DatabaseCores: 32}

func unsplit(l Load) string {
	full := many.Simulate(1, l, l.Busiest(), 0, Bulk{Devices: 80_000, Appends: appendsOfRenewal, Operations: many.Instances})
	return fmt.Sprintf("No read model is split by account, as none has to be: the slowest takes %s times what the leader accepts. %d bulk operations at once, on %d instances, fill the leader (%s); "+
		"what they write is visible after %s (p99). Should a leader accept 15,000 a second, the last of a million renewals would be visible %s late. "+
		"A new version's model takes %s for %s devices (%s where all three are new), while the version before serves.",
		amount(fleetRate/appendRate), many.Instances, many.Instances, percent(full.Utilisation[Leader]), span(full.Lag.P99),
		span(Behind(1e6, 15_000, fleetRate)), span(l.Rebuild(fleetRate)), count(l.Devices),
		span(l.Rebuild(fleetRate)+l.Rebuild(feedRate)+l.Rebuild(transparencyRate)))
}

func beyond(l Load) string {
	return fmt.Sprintf("Above %s devices the largest reseller's Customers page gets slow first, then a rebuild takes a day. Resellers could be spread over several installations; names and serial numbers are then unique within each only. "+
		"Not in the plan: mails, webhooks, what falls due, and a database that waits for its standby.", count(l.Devices))
}
