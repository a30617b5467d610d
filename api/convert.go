package api

import (
	"cmp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// From app's rows to the wire.

// present is nil for the zero value: "not there" on the wire.
func present[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// list is never nil: an empty list is [] on the wire.
func list[T, U any](from []T, convert func(T) U) []U {
	to := make([]U, len(from))
	for i, v := range from {
		to[i] = convert(v)
	}
	return to
}

func same[T ~string](v T) string { return string(v) }

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func etag(r eventlog.Revision) string { return `"` + strconv.FormatInt(int64(r), 10) + `"` }

func offer(o catalogue.Offer) openapi.Offer { return openapi.Offer(o) }

func person(p account.Person) openapi.Person {
	return openapi.Person{Id: p.ID, Email: p.Email, Name: p.Name}
}

// profileRef names a profile. One that was removed, and gives nothing any more,
// says so in place of its name.
func profileRef(p rights.Profile) openapi.ProfileRef {
	const removed = "removed"
	return openapi.ProfileRef{Id: p.ID, Name: cmp.Or(p.Name, removed), Removed: present(!p.Exists())}
}

func remedies(from []domain.Remedy) []openapi.Remedy {
	return list(from, func(r domain.Remedy) openapi.Remedy { return openapi.Remedy{Code: r.Code, Detail: r.Detail} })
}

func itemProblem(p domain.Problem) openapi.ItemProblem {
	return openapi.ItemProblem{Code: p.Code, Detail: p.Detail, Facts: facts(p.Facts), Remedies: remedies(p.Remedies)}
}

func facts(from map[string]string) *map[string]string {
	if len(from) == 0 {
		return nil
	}
	return &from
}

func (s *Server) today() calendar.Date { return calendar.DateOf(s.Clock.Now()) }

// dayOf is the day that an answer is about.
func (s *Server) dayOf(f query.Freshness) calendar.Date {
	if f.AsOf.IsZero() {
		return s.today()
	}
	return calendar.DateOf(f.AsOf)
}

func window(w query.Window) openapi.Window {
	return openapi.Window{Name: w.Name, Colour: w.Colour, FromDay: w.FromDay, ToDay: w.ToDay}
}

func (s *Server) windows() []openapi.Window { return list(s.Windows[:], window) }

func (s *Server) customer(r query.CustomerRow) openapi.Customer {
	c := openapi.Customer{
		Uid: r.UID, Name: r.Name, Status: openapi.AccountStatus(r.Status),
		TotalSystems: r.TotalSystems, ActiveSystems: r.ActiveSystems,
		InitialRenewal: present(r.InitialRenewal.String()), RenewalSystems: r.RenewalSystems,
		LastRenewal: present(r.LastRenewal.String()),
		Expired:     r.Expired, AutoRenewing: r.AutoRenewing,
		PartnerProfile: profileRef(r.PartnerProfile),
		LastLogin:      instant(r.LastLogin),
		Administrators: openapi.Administrators{Count: len(r.Administrators), Items: list(r.Administrators, person)},
	}
	for i, w := range s.Windows {
		c.Windows = append(c.Windows, openapi.WindowCount{Name: w.Name, Colour: w.Colour, FromDay: w.FromDay, ToDay: w.ToDay, Count: r.Windows[i]})
	}
	return c
}

func accountRow(r query.AccountRow) openapi.Account {
	a := openapi.Account{
		Uid: r.UID, Name: r.Name, Type: openapi.AccountType(r.Type), Status: openapi.AccountStatus(r.Status),
		Offers: list(r.Offers, offer), Billing: billing(r.Billing), Administrators: list(r.Administrators, person),
		CreatedAt: r.CreatedAt.UTC(), Revision: int64(r.Revision),
	}
	if r.Status == account.Pending || r.Status == account.Expired {
		a.InvitationExpires = instant(r.InvitationExpires)
	}
	return a
}

func billing(b account.Billing) openapi.Billing {
	wire := openapi.Billing{Mode: openapi.BillingMode(cmp.Or(b.Mode, account.Prepaid))}
	if b.Contact != nil {
		contact := person(*b.Contact)
		wire.Contact = &contact
	}
	return wire
}

func profile(p rights.Profile) openapi.Profile {
	_, shipped := rights.Find(p.ID)
	return openapi.Profile{Id: p.ID, Name: p.Name, Rights: list(p.Rights, same), Shipped: shipped}
}

func partner(seenFrom uuid.UUID) func(query.PartnershipRow) openapi.Partner {
	return func(r query.PartnershipRow) openapi.Partner {
		other := r.Customer
		if other == seenFrom {
			other = r.Reseller
		}
		return openapi.Partner{
			Uid: r.UID, Reseller: r.Reseller, Customer: r.Customer, Profile: profileRef(r.Profile), Until: instant(r.Until),
			Account:        openapi.AccountRef{Uid: other, Name: r.PartnerName, Type: openapi.AccountType(r.PartnerType)},
			Administrators: list(r.Administrators, person),
		}
	}
}

// device shows a device on a day; accountName may be empty where it is not known.
func (s *Server) device(d device.State, accountName string, revision eventlog.Revision, day calendar.Date) openapi.Device {
	dates := d.Dates(s.Rules)
	wire := openapi.Device{
		Uid: d.UID, SerialNumber: d.SerialNumber, Model: d.Model, Name: d.Name, Labels: list(d.Labels, same),
		Account:         openapi.Owner{Uid: d.Account, Name: present(accountName)},
		LifeCycleState:  openapi.LifeCycleState(d.LifeCycle),
		Offer:           string(d.Service.Offer),
		OfferType:       openapi.Offer(d.Service.Offer),
		FirstRegistered: present(d.FirstRegistered.String()),
		ServiceStart:    present(d.Service.Start.String()),
		ServiceEnd:      present(dates.GatewayEnd.String()),
		ServiceStatus:   present(d.ServiceStatus(day)),
		SupportExpiry:   present(dates.SupportExpiry.String()),
		WarrantyEnd:     present(dates.WarrantyEnd.String()),
		AutoRenew:       d.Service.AutoRenew,
		Revision:        int64(revision),
	}
	switch d.Factor.Kind {
	case device.IMEI:
		wire.Imei = &d.Factor.Value
	case device.MAC:
		wire.Mac = &d.Factor.Value
	case device.ESN:
		wire.Esn = &d.Factor.Value
	}
	return wire
}

func (s *Server) deviceRow(day calendar.Date) func(query.DeviceRow) openapi.Device {
	return func(r query.DeviceRow) openapi.Device { return s.device(r.State, r.AccountName, r.Revision, day) }
}

func (s *Server) itemResult(r app.ItemResult) openapi.ItemResult {
	wire := openapi.ItemResult{
		Index: r.Index, Ref: present(r.Ref), Outcome: openapi.Outcome(r.Outcome),
		Problems: list(r.Problems, itemProblem),
	}
	switch {
	case r.Device != nil && r.Device.Exists():
		wire.Uid, wire.SerialNumber = present(r.Device.UID.String()), present(r.Device.SerialNumber)
		shown := s.device(*r.Device, "", r.Revision, s.today())
		wire.Device = &shown
	case uuidPattern.MatchString(r.Name):
		wire.Uid = &r.Name
	default:
		wire.SerialNumber = present(r.Name)
	}
	return wire
}

// summary counts outcomes. done is the outcome that a kind of request has for
// success.
func summary(total int, done domain.Outcome, count func(domain.Outcome) int) openapi.Summary {
	s := openapi.Summary{Total: total, Unchanged: count(domain.OutcomeUnchanged), Refused: count(domain.OutcomeRefused)}
	n := count(done)
	switch done {
	case domain.OutcomeCreated:
		s.Created = &n
	case domain.OutcomeTransferred:
		s.Transferred = &n
	case domain.OutcomeRenewed:
		s.Renewed = &n
	case domain.OutcomeReversed:
		s.Reversed = &n
	}
	return s
}

func (s *Server) bulkResult(r app.BulkResult, done domain.Outcome, dryRun bool) openapi.BulkResult {
	b := openapi.BulkResult{
		DryRun:  dryRun,
		Summary: summary(len(r.Results), done, r.Count),
		Results: list(r.Results, s.itemResult),
	}
	if done != domain.OutcomeCreated && r.ID != uuid.Nil {
		b.Id = &r.ID
	}
	return b
}

var successOf = map[ports.OperationKind]domain.Outcome{
	ports.OperationRegistration: domain.OutcomeCreated,
	ports.OperationTransfer:     domain.OutcomeTransferred,
	ports.OperationRenewal:      domain.OutcomeRenewed,
}

func operationState(o ports.Operation) openapi.Operation {
	return openapi.Operation{
		Id: o.ID, Kind: openapi.OperationKind(o.Kind), State: openapi.OperationState(o.State),
		Progress:  openapi.Progress{Done: o.Done, Total: o.Total},
		Summary:   summary(o.Total, successOf[o.Kind], func(w domain.Outcome) int { return o.Counters[w] }),
		CreatedAt: o.CreatedAt.UTC(), StartedAt: instant(o.StartedAt), FinishedAt: instant(o.FinishedAt),
		Error: present(o.Error),
	}
}

func historyItem(h app.HistoryItem) openapi.HistoryItem {
	return openapi.HistoryItem{
		Position: h.Position.String(), Id: present(h.ID), Type: present(h.Type), Revision: int64(h.Revision),
		OccurredAt: instant(h.OccurredAt), RecordedAt: instant(h.RecordedAt),
		Actor:   openapi.Actor{Kind: string(h.Actor.Kind), Id: h.Actor.ID, Account: present(h.Actor.Account)},
		Account: present(h.Account), Reason: h.Reason, CorrelationId: h.CorrelationID, CausationId: h.CausationID,
		Changes: list(h.Changes, func(c app.Change) openapi.Change {
			return openapi.Change{Field: c.Field, Before: c.Before, After: c.After}
		}),
		Hash: h.Hash, PreviousHash: h.PreviousHash, Redacted: h.Redacted,
	}
}
