package notices

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/text"
)

var columns = []string{
	"ACCOUNT_UID", "ACCOUNT_NAME", "DEVICE_NAME", "SERIAL_NUMBER", "IMEI", "MODEL", "OFFER", "LIFECYCLE_STATE", "SERVICE_START", "SERVICE_END",
	"DAYS_LEFT", "WINDOW", "AUTO_RENEW", "WARRANTY_END", "SUPPORT_END", "LABELS",
}

// expired stands where others have the name of their window.
const expired = "expired"

// CSV is the file of notices, of one account: RFC 4180, with text guarded that a
// spreadsheet would take for a formula. Days left, of what has expired less than
// none, are a number.
func CSV(account uuid.UUID, on calendar.Date, notices ...notice.State) (ports.Attachment, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write(columns) // errors stay until Flush
	for _, n := range notices {
		for _, l := range n.Lines {
			_ = w.Write([]string{
				n.Customer.String(), text.Cell(n.CustomerName), text.Cell(l.Name), text.Cell(l.SerialNumber), l.IMEI, text.Cell(l.Model), string(l.Offer), l.LifeCycle,
				l.ServiceStart.String(), l.ServiceEnd.String(), strconv.Itoa(daysLeft(n, l)), windowOf(n, l), strconv.FormatBool(l.AutoRenew),
				l.WarrantyEnd.String(), l.SupportEnd.String(), text.Cell(strings.Join(l.Labels, "|")),
			})
		}
	}
	w.Flush()
	name := "renewals_" + account.String() + "_" + notice.Month(on) + ".csv"
	return ports.Attachment{Name: name, Type: "text/csv; charset=utf-8", Data: b.Bytes()}, w.Error()
}

// DaysLeft is how many days of service a device of a notice had on the 1st, and the
// name of its window, as the file has them.
func DaysLeft(n notice.State, l notice.Line) (days int, window string) {
	return daysLeft(n, l), windowOf(n, l)
}

func daysLeft(n notice.State, l notice.Line) int { return int(l.ServiceEnd - n.On) }

// windowOf is the renewal window of a device; empty for one that renews by itself,
// and past the last window.
func windowOf(n notice.State, l notice.Line) string {
	days := daysLeft(n, l)
	switch {
	case l.AutoRenew:
		return ""
	case days < 0:
		return expired
	}
	for _, w := range n.Windows {
		if w.FromDay <= days && days <= w.ToDay {
			return w.Name
		}
	}
	return ""
}
