package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

func compare(a, b string) int { return strings.Compare(a, b) }

// Number writes a number for people: 1,240.
func Number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Megabytes writes a size for people: 12.3 MB. What takes nothing has none.
func Megabytes(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64) + " MB"
}

// Count is a number and what it counts: 1 customer, 1,240 customers.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Distance says how far a day is from today: days up to 90, then months, from two
// years on years.
func Distance(day, today calendar.Date) string {
	days := int(day - today)
	switch days {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	case -1:
		return "yesterday"
	}
	span := span(max(days, -days))
	if days < 0 {
		return span + " ago"
	}
	return "in " + span
}

// apart says how far a day is from another that is not today.
func apart(day, other calendar.Date) string {
	switch days := int(day - other); {
	case days == 0:
		return "that day"
	case days == 1:
		return "the day after"
	case days == -1:
		return "the day before"
	case days < 0:
		return span(-days) + " earlier"
	default:
		return span(days) + " later"
	}
}

func span(days int) string {
	const month, year = 30.44, 365.25
	switch {
	case days <= 90:
		return Count(days, "day", "days")
	case float64(days) < 2*year:
		return Count(int(float64(days)/month+0.5), "month", "months")
	default:
		return Count(int(float64(days)/year+0.5), "year", "years")
	}
}

// Date reads a date of the interface; zero where there is none.
func Date(text *string) calendar.Date {
	if text == nil {
		return 0
	}
	day, err := calendar.Parse(*text)
	if err != nil {
		return 0
	}
	return day
}

// Clock writes an instant: 2027-03-04 09:41 UTC.
func Clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// Attribute writes an instant for <time datetime>.
func Attribute(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Upper makes the first letter a capital one.
func Upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Span names a renewal window: 0–30 days.
func Span(from, to int) string { return fmt.Sprintf("%d–%d days", from, to) }

// halves are the two lines that a UID is written in.
func halves(uid uuid.UUID) (string, string) {
	text := uid.String()
	return text[:19], text[19:]
}

// done are the sentences for what a form has done, told on the page it leads to.
var done = map[string]string{
	"saved":     "Saved.",
	"changed":   "Changed.",
	"withdrawn": "The account is withdrawn. Its name and the address are free again.",
	"created":   "The account is created. Its administrator has been sent a mail and has 7 days to activate it.",
	"sent":      "The mail is on its way.",
	"ended":     "Ended.",
	"removed":   "Removed.",
	"confirmed": "Your new e-mail address is confirmed. From now on sign in with it.",
	"requested": "The request is on its way. You are told when the account has answered.",
	"released":  "The request is on its way. Its answer will stand here.",
	"asked":     "A mail is on its way to the new address. Until you open its link there, you sign in with the present one.",
	"password":  "Your password is changed. All other sessions have ended.",
}

// statusWord is an account's status for people.
func statusWord(status string) string {
	switch status {
	case "pending":
		return "Not activated yet"
	case "expired":
		return "Invitation expired"
	default:
		return Upper(status)
	}
}

// numbered names a device of a result: by its serial number, else by its UID, which is
// how it was asked for then.
func numbered(serial, uid *string) string {
	switch {
	case valueOf(serial) != "":
		return *serial
	case valueOf(uid) != "":
		return *uid
	}
	return "Unknown"
}

func valueOf(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
