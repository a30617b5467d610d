package notices

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// customer is whom a notice is about, with what is due there.
type customer struct {
	uid   uuid.UUID
	name  string
	lines []notice.Line
}

const pageOfDevices = 1000

// customers are the reseller's customers, and at last itself, with their devices
// that are due as of the 1st. The reseller's own renew by themselves; of itself it
// is told only when there are some.
func (r *round) customers(ctx context.Context) ([]customer, error) {
	accounts := make([]uuid.UUID, 0, len(r.partners)+1)
	for _, p := range r.partners {
		accounts = append(accounts, p.Customer)
	}
	seen, err := r.seen(ctx)
	if err != nil {
		return nil, err
	}
	lines := map[uuid.UUID][]notice.Line{}
	q := query.DeviceQuery{
		Freshness:    query.Freshness{MinPosition: r.at, AsOf: r.instant()},
		Page:         query.Page{Limit: pageOfDevices, Sort: []string{"serviceEnd", "name"}},
		Accounts:     append(accounts, r.reseller.UID),
		ServiceEndTo: r.On.AddDays(r.options.LookAhead),
	}
	for {
		page, err := r.reader.Devices(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			if row.State.LifeCycle != device.OutOfService {
				line := lineOf(row.State, r.options.Rules)
				line.Seen = seen[query.SeenDevice{Customer: row.State.Account, Device: line.Device, ServiceEnd: line.ServiceEnd}]
				lines[row.State.Account] = append(lines[row.State.Account], line)
			}
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			break
		}
	}
	var all []customer
	for _, p := range r.partners {
		all = append(all, customer{p.Customer, p.PartnerName, ordered(lines[p.Customer])})
	}
	if own := lines[r.reseller.UID]; len(own) > 0 {
		all = append(all, customer{r.reseller.UID, r.reseller.Name, ordered(own)})
	}
	return all, nil
}

func (r *round) seen(ctx context.Context) (map[query.SeenDevice]bool, error) {
	found, err := r.reader.SeenDevices(ctx, query.NoticesAfter{MinPosition: r.at, Reseller: r.reseller.UID, Before: r.On})
	seen := make(map[query.SeenDevice]bool, len(found))
	for _, d := range found {
		seen[d] = true
	}
	return seen, err
}

func lineOf(d device.State, rules device.Rules) notice.Line {
	dates := d.Dates(rules)
	l := notice.Line{
		Device: d.UID, SerialNumber: d.SerialNumber, Name: d.Name, Model: d.Model, Offer: d.Service.Offer, LifeCycle: string(d.LifeCycle),
		ServiceStart: d.Service.Start, ServiceEnd: d.Service.End, WarrantyEnd: dates.WarrantyEnd, SupportEnd: dates.SupportExpiry,
		Labels: d.Labels, AutoRenew: d.AutoRenews(),
	}
	if d.Factor.Kind == device.IMEI {
		l.IMEI = d.Factor.Value
	}
	return l
}

// ordered puts what is new first, then what was seen before, then what renews by
// itself; each by service end.
func ordered(lines []notice.Line) []notice.Line {
	rank := func(l notice.Line) int {
		switch {
		case l.AutoRenew:
			return 2
		case l.Seen:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(lines, func(a, b notice.Line) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.ServiceEnd, b.ServiceEnd), cmp.Compare(a.SerialNumber, b.SerialNumber))
	})
	return lines
}

// prepare records what a notice is about, unless that was done.
func (r *round) prepare(ctx context.Context, uid uuid.UUID, c customer) (notice.State, error) {
	about := notice.About{
		Notice: uid, Round: r.UID, Reseller: r.reseller.UID, ResellerName: r.reseller.Name, Customer: c.uid, CustomerName: c.name, On: r.On,
	}
	on := command.On(notice.Aggregate, uid)
	if !r.HasAdministrator() {
		skipped, err := command.Execute(ctx, r.env(uid, "skip"), on, func(s notice.State) ([]domain.Event, error) {
			return notice.DecideSkip(s, notice.NoticeSkipped{About: about, Due: len(c.lines), Reason: notice.NoAdministrator})
		})
		return skipped.Now, err
	}
	chunks := notice.List(uid, c.lines)
	last := len(chunks) - 1
	for _, chunk := range chunks[:last] {
		_, err := command.Execute(ctx, r.news(), on, func(s notice.State) ([]domain.Event, error) { return notice.DecideList(s, chunk) })
		if err != nil {
			return notice.State{}, err
		}
	}
	windows := make([]notice.Window, len(r.options.Windows))
	for i, w := range r.options.Windows {
		windows[i] = notice.Window{Name: w.Name, FromDay: w.FromDay, ToDay: w.ToDay}
	}
	prepared, err := command.Execute(ctx, r.env(uid, "prepare"), on, func(s notice.State) ([]domain.Event, error) {
		return notice.DecidePrepare(s, chunks[last], notice.NoticePrepared{
			About: about, LookAhead: r.options.LookAhead, Windows: windows, Recipients: r.Recipients(c.uid),
		})
	})
	return prepared.Now, err
}
