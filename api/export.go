package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// exportPage is how many rows an export reads at a time.
const exportPage = 1000

// pages is a text that is made a page at a time, while it is being sent.
type pages struct {
	buffer bytes.Buffer
	// more writes the next page into the buffer; false after the last one. An
	// error in the middle breaks the connection off: half a file must not look whole.
	more func(*bytes.Buffer) (bool, error)
	done bool
}

func (p *pages) Read(to []byte) (int, error) {
	for p.buffer.Len() == 0 {
		if p.done {
			return 0, io.EOF
		}
		more, err := p.more(&p.buffer)
		if err != nil {
			return 0, err
		}
		p.done = !more
	}
	return p.buffer.Read(to)
}

// start makes the first page, so that its error can still be a proper answer.
func (p *pages) start() error {
	more, err := p.more(&p.buffer)
	p.done = !more
	return err
}

// csvRows writes RFC 4180 with guarded cells.
func csvRows(to io.Writer, rows ...[]string) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	for _, row := range rows {
		guarded := make([]string, len(row)) // the header is the same for all exports
		for i, cell := range row {
			guarded[i] = guard(cell)
		}
		if err := w.Write(guarded); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// guard keeps spreadsheets from taking a cell for a formula.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// table is a list as CSV: all its pages, or the one that was asked for.
func table[T any](header []string, all bool, page *query.Page, fetch func() (query.List[T], error), row func(T) []string) (io.Reader, eventlog.Position, error) {
	if all {
		page.Limit = exportPage
	}
	var position eventlog.Position
	begun := false
	p := &pages{more: func(to *bytes.Buffer) (bool, error) {
		got, err := fetch()
		if err != nil {
			return false, err
		}
		rows := list(got.Items, row)
		if !begun {
			begun, position = true, got.Position
			rows = append([][]string{header}, rows...)
		}
		page.Cursor = got.NextCursor
		return all && got.NextCursor != "", csvRows(to, rows...)
	}}
	err := p.start()
	return p, position, err
}

var deviceColumns = []string{"UID", "SERIAL_NUMBER", "IMEI", "MAC", "ESN", "MODEL", "NAME", "LABELS", "ACCOUNT_UID", "ACCOUNT_NAME",
	"LIFECYCLE_STATE", "OFFER", "FIRST_REGISTERED", "SERVICE_START", "SERVICE_END", "SERVICE_STATUS", "SUPPORT_EXPIRY",
	"WARRANTY_END", "AUTO_RENEW", "REVISION"}

func (h handlers) devicesCSV(ctx context.Context, c access.Caller, q query.DeviceQuery, all bool) (io.Reader, eventlog.Position, error) {
	fetch := func() (query.List[query.DeviceRow], error) { return h.App.Devices(ctx, c, q) }
	shown := h.deviceRow(h.dayOf(q.Freshness))
	return table(deviceColumns, all, &q.Page, fetch, func(r query.DeviceRow) []string {
		d := shown(r)
		return []string{
			d.Uid.String(), d.SerialNumber, valueOf(d.Imei), valueOf(d.Mac), valueOf(d.Esn), d.Model, d.Name,
			strings.Join(d.Labels, "|"), d.Account.Uid.String(), valueOf(d.Account.Name), string(d.LifeCycleState), d.Offer,
			valueOf(d.FirstRegistered), valueOf(d.ServiceStart), valueOf(d.ServiceEnd), valueOf(d.ServiceStatus),
			valueOf(d.SupportExpiry), valueOf(d.WarrantyEnd), strconv.FormatBool(d.AutoRenew), strconv.FormatInt(d.Revision, 10),
		}
	})
}

func (h handlers) customersCSV(ctx context.Context, c access.Caller, q query.CustomerQuery, all bool) (io.Reader, eventlog.Position, error) {
	header := []string{"UID", "NAME", "STATUS", "TOTAL_SYSTEMS", "ACTIVE_SYSTEMS", "INITIAL_RENEWAL", "RENEWAL_SYSTEMS", "LAST_RENEWAL"}
	for _, w := range h.Windows {
		header = append(header, "WINDOW_"+strings.ToUpper(w.Name))
	}
	header = append(header, "EXPIRED", "AUTO_RENEWING", "PARTNER_PROFILE", "LAST_LOGIN", "ADMINISTRATORS")
	fetch := func() (query.List[query.CustomerRow], error) { return h.App.Customers(ctx, c, q) }
	return table(header, all, &q.Page, fetch, func(r query.CustomerRow) []string {
		row := []string{
			r.UID.String(), r.Name, string(r.Status), strconv.Itoa(r.TotalSystems), strconv.Itoa(r.ActiveSystems),
			r.InitialRenewal.String(), strconv.Itoa(r.RenewalSystems), r.LastRenewal.String(),
		}
		for _, n := range r.Windows {
			row = append(row, strconv.Itoa(n))
		}
		login := ""
		if !r.LastLogin.IsZero() {
			login = r.LastLogin.UTC().Format(time.RFC3339)
		}
		emails := list(r.Administrators, func(p account.Person) string { return p.Email })
		return append(row, strconv.Itoa(r.Expired), strconv.Itoa(r.AutoRenewing), r.PartnerProfile.ID, login, strings.Join(emails, "|"))
	})
}

// results is an operation's results from one on, as far as there are any.
func (h handlers) results(ctx context.Context, id uuid.UUID, start int, write func(*bytes.Buffer, []openapi.ItemResult) error) io.Reader {
	caller := callOf(ctx).caller
	return &pages{more: func(to *bytes.Buffer) (bool, error) {
		got, err := h.App.OperationResults(ctx, caller, id, start, exportPage)
		if err != nil {
			return false, err
		}
		start += len(got)
		return len(got) == exportPage, write(to, list(got, h.itemResult))
	}}
}

func (h handlers) resultsNDJSON(ctx context.Context, id uuid.UUID, start int) io.Reader {
	return h.results(ctx, id, start, func(to *bytes.Buffer, results []openapi.ItemResult) error {
		lines := json.NewEncoder(to)
		for _, r := range results {
			if err := lines.Encode(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h handlers) resultsCSV(ctx context.Context, id uuid.UUID, start int) io.Reader {
	begun := false
	return h.results(ctx, id, start, func(to *bytes.Buffer, results []openapi.ItemResult) error {
		var rows [][]string
		if !begun {
			begun = true
			rows = append(rows, []string{"INDEX", "REF", "UID", "SERIAL_NUMBER", "OUTCOME", "CODES", "DETAILS"})
		}
		for _, r := range results {
			codes := list(r.Problems, func(p openapi.ItemProblem) string { return p.Code })
			details := list(r.Problems, func(p openapi.ItemProblem) string { return p.Detail })
			rows = append(rows, []string{strconv.Itoa(r.Index), valueOf(r.Ref), valueOf(r.Uid), valueOf(r.SerialNumber),
				string(r.Outcome), strings.Join(codes, "|"), strings.Join(details, " ")})
		}
		return csvRows(to, rows...)
	})
}
