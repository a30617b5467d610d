package renewals

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Renewed is what a renewal did to one device: the event as it was appended, and
// when it was reversed, if it was.
type Renewed struct {
	Renewed    device.ServiceRenewed
	RenewedAt  time.Time
	Actor      domain.Actor
	ReversedAt time.Time // zero: it stands
}

// Line is one device of a renewal. The dates of one that was not renewed are
// those that the order would have given it on the day it was ordered.
type Line struct {
	order.Device
	Renewed *Renewed // nil: it was not
}

// Found is a renewal with a page of its devices.
type Found struct {
	query.RenewalRow
	Lines      []Line
	NextCursor string
	Position   eventlog.Position
}

// List is a page of the renewals that concern a device that the caller sees.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.RenewalQuery) (query.List[query.RenewalRow], error) {
	var err error
	if q.Accounts, err = s.access.Request(caller).Scope(ctx, rights.DevicesRead, q.Freshness); err != nil {
		return query.List[query.RenewalRow]{}, err
	}
	return s.reader.Renewals(ctx, q)
}

// Get is a renewal with a page of its devices, by serial number, as far as the
// caller sees the accounts they were in. query.ErrNotFound when there is none.
func (s *Service) Get(ctx context.Context, caller access.Caller, id uuid.UUID, f query.Freshness, page query.Page) (Found, error) {
	rows, err := s.List(ctx, caller, query.RenewalQuery{Freshness: f, UID: id})
	if err != nil {
		return Found{}, err
	}
	if len(rows.Items) == 0 {
		return Found{}, query.ErrNotFound
	}
	found := Found{RenewalRow: rows.Items[0], Position: rows.Position}
	l, err := eventlog.Load(ctx, s.executor.Log, order.Aggregate, id)
	if err != nil {
		return found, err
	}
	req := s.access.Request(caller)
	if !l.State.Exists() {
		return found, s.linesOfBefore(ctx, req, f, page, &found)
	}
	return found, s.linesOf(ctx, req, l.Until(order.Aggregate, f.Past()).State, f, page, &found)
}

// linesOf adds a page of the devices of an order.
func (s *Service) linesOf(ctx context.Context, req *access.Request, o order.State, f query.Freshness, page query.Page, found *Found) error {
	seen, err := s.seenLines(ctx, req, o)
	if err != nil {
		return err
	}
	slices.SortFunc(seen, func(a, b order.Device) int { return cmp.Compare(a.SerialNumber, b.SerialNumber) })
	start := 0
	if page.Cursor != "" {
		if start, err = strconv.Atoi(page.Cursor); err != nil || start < 0 || start > len(seen) {
			return query.ErrBadCursor
		}
	}
	end := min(start+page.Limit, len(seen))
	if end < len(seen) {
		found.NextCursor = strconv.Itoa(end)
	}
	for _, d := range seen[start:end] {
		line := Line{Device: d}
		if d.Status == order.Applied || d.Status == order.Reversed {
			if line, err = s.line(ctx, d.Device, o.UID, f.Past()); err != nil {
				return err
			}
			line.Device = d
		}
		found.Lines = append(found.Lines, line)
	}
	return nil
}

// seenLines are the devices of an order in accounts that the caller sees.
func (s *Service) seenLines(ctx context.Context, req *access.Request, o order.State) ([]order.Device, error) {
	var seen []order.Device
	for _, d := range o.Devices {
		set, err := req.In(ctx, d.Account)
		if err != nil {
			return nil, err
		}
		if set.Has(rights.DevicesRead) && req.Caller.ActsFor(d.Account) {
			seen = append(seen, d)
		}
	}
	return seen, nil
}

// linesOfBefore adds a page of the devices of a renewal from before there were
// orders. A page may have fewer devices than asked for.
func (s *Service) linesOfBefore(ctx context.Context, req *access.Request, f query.Freshness, page query.Page, found *Found) error {
	page.Sort = []string{"serialNumber"}
	rows, err := s.reader.Devices(ctx, query.DeviceQuery{Freshness: f, Page: page, Applied: found.UID})
	if err != nil {
		return err
	}
	found.NextCursor = rows.NextCursor
	for _, row := range rows.Items {
		line, err := s.line(ctx, row.State.UID, found.UID, f.Past())
		if err != nil {
			return err
		}
		set, err := req.In(ctx, line.Account)
		if err != nil {
			return err
		}
		if line.Renewed != nil && set.Has(rights.DevicesRead) && req.Caller.ActsFor(line.Account) {
			found.Lines = append(found.Lines, line)
		}
	}
	return nil
}

// line finds a renewal in a device's stream as it was at an instant; zero is now. Its account is the one that had the
// device then.
func (s *Service) line(ctx context.Context, uid, renewal uuid.UUID, at time.Time) (Line, error) {
	l, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, uid)
	if err != nil {
		return Line{}, err
	}
	l = l.Until(device.Aggregate, at)
	line := Line{Device: order.Device{Line: order.Line{Device: uid, SerialNumber: l.State.SerialNumber}, Status: order.Applied}}
	then := device.Aggregate.New(uid)
	for _, e := range l.Events {
		then = device.Evolve(then, e.Event)
		switch event := e.Event.(type) {
		case device.ServiceRenewed:
			if event.Renewal == renewal && !event.Automatic {
				line.Account = then.Account
				line.Renewed = &Renewed{Renewed: event, RenewedAt: e.Metadata.OccurredAt, Actor: e.Metadata.Actor}
			}
		case device.RenewalReversed:
			if event.Renewal == renewal && line.Renewed != nil {
				line.Status, line.Reason = order.Reversed, e.Metadata.Reason
				line.Renewed.ReversedAt = e.Metadata.OccurredAt
			}
		}
	}
	return line, nil
}
