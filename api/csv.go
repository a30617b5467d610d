package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// csvAnswer is a list as a file. It is an answer of every operation that has one.
type csvAnswer struct {
	name     string
	body     io.Reader
	position eventlog.Position
}

func (a csvAnswer) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", a.name+".csv"))
	w.Header().Set("X-Position", a.position.String())
	w.WriteHeader(http.StatusOK)
	_, err := io.Copy(w, a.body)
	return err
}

func (a csvAnswer) VisitListAccountsResponse(w http.ResponseWriter) error        { return a.write(w) }
func (a csvAnswer) VisitListUsersResponse(w http.ResponseWriter) error           { return a.write(w) }
func (a csvAnswer) VisitListCustomersResponse(w http.ResponseWriter) error       { return a.write(w) }
func (a csvAnswer) VisitListDevicesResponse(w http.ResponseWriter) error         { return a.write(w) }
func (a csvAnswer) VisitListRenewalsResponse(w http.ResponseWriter) error        { return a.write(w) }
func (a csvAnswer) VisitListAllocationsResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a csvAnswer) VisitListPartnersResponse(w http.ResponseWriter) error        { return a.write(w) }
func (a csvAnswer) VisitListAuditGrantsResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a csvAnswer) VisitListNoticesResponse(w http.ResponseWriter) error         { return a.write(w) }
func (a csvAnswer) VisitGetNoticeResponse(w http.ResponseWriter) error           { return a.write(w) }
func (a csvAnswer) VisitGetOperationResultsResponse(w http.ResponseWriter) error { return a.write(w) }

// wantsCSV reports whether the client asks for a list as CSV.
func wantsCSV(ctx context.Context) bool {
	return accepts(callOf(ctx).accept, "application/json", "text/csv") == "text/csv"
}

// csvList is a list as CSV, named after the day it is about: all its pages, or the
// one that was asked for with a limit.
func csvList[T any](h handlers, name string, header []string, limit *int, f query.Freshness, page *query.Page,
	fetch func() (query.List[T], error), row func(T) []string,
) (csvAnswer, error) {
	body, position, err := table(header, limit == nil, page, fetch, row)
	return csvAnswer{name: name + "_" + h.dayOf(f).String(), body: body, position: position}, err
}

var renewalColumns = []string{"ID", "STATE", "ACCOUNT_UID", "TERM", "UNTIL", "ALIGN_TO", "ORDER_NUMBER", "NOTE", "ORDERED_AT",
	"DEVICES", "ORDERED", "APPLIED", "DECLINED", "WITHDRAWN", "REVERSED"}

func renewalCells(r query.RenewalRow) []string {
	o := renewalOrder(r)
	cells := []string{o.Id.String(), string(o.State), shown(valueOf(o.Account)), valueOf(o.Term), valueOf(o.Until), valueOf(o.AlignTo),
		o.OrderNumber, o.Note, stamp(o.OrderedAt), strconv.Itoa(o.Devices.Total)}
	for _, s := range []order.Status{order.Ordered, order.Applied, order.Declined, order.Withdrawn, order.Reversed} {
		cells = append(cells, strconv.Itoa(r.Counts[s]))
	}
	return cells
}

var allocationColumns = []string{"ID", "DEVICE_UID", "SERIAL_NUMBER", "ACCOUNT_UID", "OLD_END", "UNTIL", "PARKED", "REASON", "GRANTED_AT"}

func allocationCells(a query.AllocationRow) []string {
	return []string{a.ID.String(), a.Device.String(), a.SerialNumber, a.Account.String(), a.OldEnd.String(), a.Until.String(),
		strconv.FormatBool(a.Parked), a.Reason, stamp(a.GrantedAt)}
}

var accountColumns = []string{"UID", "NAME", "TYPE", "STATUS", "OFFERS", "CREATED_AT", "ADMINISTRATORS"}

func accountCells(r query.AccountRow) []string {
	return []string{r.UID.String(), r.Name, string(r.Type), string(r.Status), strings.Join(list(r.Offers, plain), "|"), stamp(r.CreatedAt),
		emails(r.Administrators)}
}

var userColumns = []string{"ID", "EMAIL", "NAME", "STATUS", "ADMINISTRATOR", "PROFILES", "CREATED_AT", "SECOND_FACTORS"}

func userCells(r query.UserRow) []string {
	profiles := list(r.Profiles, func(p rights.Profile) string { return p.ID })
	factors := list(r.Factors, func(f query.UserFactor) string { return string(f.Kind) })
	return []string{r.UID.String(), r.Person.Email, r.Person.Name, string(r.Status), strconv.FormatBool(r.Administrator),
		strings.Join(profiles, "|"), stamp(r.CreatedAt), strings.Join(factors, "|")}
}

var partnerColumns = []string{"UID", "ACCOUNT_UID", "ACCOUNT_NAME", "ACCOUNT_TYPE", "PROFILE", "UNTIL", "ADMINISTRATORS"}

func partnerCells(seenFrom uuid.UUID) func(query.PartnershipRow) []string {
	return func(r query.PartnershipRow) []string {
		p := partner(seenFrom)(r)
		return []string{p.Uid.String(), p.Account.Uid.String(), p.Account.Name, string(p.Account.Type), p.Profile.Id, stamp(r.Until), emails(r.Administrators)}
	}
}

var auditGrantColumns = []string{"ID", "AUDITOR", "NAME", "STATUS", "ACCOUNTS", "GRANTED_AT", "EXPIRES_AT", "ENDED_AT", "REASON"}

func auditGrantCells(r query.AuditGrantRow) []string {
	return []string{r.UID.String(), r.Auditor.Email, r.Auditor.Name, string(r.Status), strings.Join(list(r.Accounts, uuid.UUID.String), "|"),
		stamp(r.GrantedAt), stamp(r.Expires), stamp(r.EndedAt), r.Reason}
}

func plain[S ~string](s S) string { return string(s) }

func emails(people []account.Person) string {
	return strings.Join(list(people, func(p account.Person) string { return p.Email }), "|")
}

// shown is a UID, empty for none.
func shown(uid uuid.UUID) string {
	if uid == uuid.Nil {
		return ""
	}
	return uid.String()
}

// stamp is an instant, empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
