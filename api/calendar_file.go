package api

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
)

// refreshEvery is how often a calendar program is asked to look again.
const refreshEvery = "PT6H"

// calendarFile is a feed as iCalendar (RFC 5545), an event for each day on which
// services of an account end. The same days give the same file.
func calendarFile(publicURL string, feed people.Calendar, days query.List[query.ServiceDayRow]) []byte {
	file := ics.NewCalendarFor("Fleetledger")
	file.SetProductId("-//Fleetledger//Renewals//EN")
	file.SetCalscale("GREGORIAN")
	file.SetMethod(ics.MethodPublish)
	file.SetName(oneLine("Renewals: " + cmp.Or(feed.AccountName, feed.Label)))
	about := "Days on which services of devices end, by Fleetledger."
	if len(days.Items) < days.Total {
		about += fmt.Sprintf(" The soonest %d of %d days.", len(days.Items), days.Total)
	}
	file.SetXWRCalDesc(about)
	file.SetRefreshInterval(refreshEvery)
	file.SetXPublishedTTL(refreshEvery)
	for _, day := range days.Items {
		addServiceDay(file, publicURL, day)
	}
	return []byte(file.Serialize(ics.WithNewLineWindows))
}

func addServiceDay(file *ics.Calendar, publicURL string, day query.ServiceDayRow) {
	page := publicURL + "/devices?" + daysDevices(day).Encode()
	e := file.AddEvent(day.Day.Time().Format("20060102") + "-" + day.Account.String() + "@fleetledger")
	// A file that is published says with the stamp, too, when the event was as it is.
	e.SetDtStampTime(day.Changed.Truncate(time.Second))
	e.SetModifiedAt(day.Changed.Truncate(time.Second))
	e.SetSequence(day.Changes)
	e.SetAllDayStartAt(day.Day.Time())
	e.SetAllDayEndAt(day.Day.AddDays(1).Time())
	e.SetTimeTransparency(ics.TransparencyTransparent) // nobody is busy by it
	e.SetSummary(oneLine(summaryOf(day)))
	e.SetDescription(descriptionOf(day) + "\n\n" + page)
	e.SetURL(page)
}

// daysDevices are the filters of the page that lists the day's devices.
func daysDevices(day query.ServiceDayRow) url.Values {
	q := url.Values{"account": {day.Account.String()}, "serviceEndFrom": {day.Day.String()}, "serviceEndTo": {day.Day.String()}}
	switch {
	case day.Automatic == 0:
		q.Set("renewal", string(openapi.DueRenewal))
	case day.Due == 0:
		q.Set("renewal", string(openapi.AutomaticRenewal))
	}
	return q
}

func summaryOf(day query.ServiceDayRow) string {
	if day.Due == 0 {
		return fmt.Sprintf("%s: %s by %s", day.AccountName, counted(day.Automatic, "renews", "renew"), each(day.Automatic, "itself", "themselves"))
	}
	return fmt.Sprintf("%s: services of %s", day.AccountName, counted(day.Due, "end", "end"))
}

func descriptionOf(day query.ServiceDayRow) string {
	var lines []string
	if day.Due > 0 {
		lines = append(lines, "This is the last day of service of "+counted(day.Due, "", "")+".")
	}
	if day.Automatic > 0 {
		lines = append(lines, counted(day.Automatic, "renews", "renew")+" by "+each(day.Automatic, "itself", "themselves")+".")
	}
	lines = append(lines, "")
	for _, d := range day.Named {
		line := oneLine(d.Name)
		if d.Name != d.SerialNumber {
			line += " (" + d.SerialNumber + ")"
		}
		lines = append(lines, line)
	}
	if more := day.Due + day.Automatic - len(day.Named); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// counted is a number of devices and what they do.
func counted(n int, one, several string) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", n, each(n, "device", "devices"), each(n, one, several)))
}

func each(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// oneLine is a text without what would begin another line, or is no text at all.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
}
