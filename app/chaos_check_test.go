package app_test

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// answersFit checks that what was answered is what is in the log: nothing that
// was carried out is missing, and nothing is there that was refused.
func (a *arena) answersFit() {
	a.t.Helper()
	positions, ids := map[eventlog.Position]bool{}, map[uuid.UUID]bool{}
	business := map[uuid.UUID][]string{} // by command
	for _, e := range a.after(eventlog.Position{}, allStreams...) {
		positions[e.Position], ids[e.ID] = true, true
		kind, _, _ := strings.Cut(e.Stream, "-")
		told := strings.HasPrefix(kind, "transfer") || kind == "release" || kind == "renewalorder" // a record of what was asked for
		if !told && !slices.Contains(inner, e.Event.EventType()) {
			id, err := uuid.Parse(e.Metadata.CorrelationID)
			require.NoError(a.t, err)
			business[id] = append(business[id], e.Stream+" "+e.Event.EventType())
		}
	}
	for _, got := range a.answers {
		_, refused := errors.AsType[*domain.Refusal](got.err)
		switch {
		case refused || errors.Is(got.err, query.ErrNotFound) || errors.Is(got.err, access.ErrForbidden):
			require.Empty(a.t, business[got.id], "%+v was refused: %v", got.deed, got.err)
		case got.err != nil: // it may be done, or half of it
		case got.written != nil && got.written.Position != eventlog.Position{}:
			require.Contains(a.t, positions, got.written.Position, "%+v", got.deed)
		case got.bulk != nil:
			for _, item := range got.bulk.Results {
				id := uuid.NewSHA1(got.id, []byte(device.Aggregate.Stream(device.UID(item.Name))+"#0"))
				if slices.Equal(codes(item.Problems), []string{command.CodeDuplicate}) {
					continue
				}
				done := item.Outcome != domain.OutcomeRefused && item.Outcome != domain.OutcomeUnchanged
				require.Equal(a.t, done, ids[id], "%+v: %+v", got.deed, item)
			}
		}
	}
}

// past is the log with the times at which its events came to hold.
type past struct {
	events []eventlog.Recorded
	times  []time.Time
	state  *seen
}

// seen is what a read model should show.
type seen struct {
	folded
	revisions map[string]eventlog.Revision
	created   map[string]time.Time
	numbers   map[string]int // of events, by stream
}

func newSeen() *seen {
	return &seen{newFolded(), map[string]eventlog.Revision{}, map[string]time.Time{}, map[string]int{}}
}

func (s *seen) add(e eventlog.Recorded) {
	s.folded.add(e)
	if _, ok := s.created[e.Stream]; !ok {
		s.created[e.Stream] = e.Metadata.OccurredAt.UTC()
	}
	if _, ok := e.Event.(account.AccountCreated); ok {
		s.created[e.Stream] = e.Metadata.OccurredAt.UTC()
	}
	s.revisions[e.Stream] = e.Revision
	s.numbers[e.Stream]++
}

func (a *arena) history() past {
	a.t.Helper()
	p := past{events: a.after(eventlog.Position{}, allStreams...), state: newSeen()}
	streams := map[string]*eventlog.Times{}
	for _, e := range p.events {
		if streams[e.Stream] == nil {
			streams[e.Stream] = &eventlog.Times{}
		}
		p.times = append(p.times, streams[e.Stream].Next(e))
		p.state.add(e)
	}
	return p
}

// until is what was there at a past instant.
func (p past) until(at time.Time) *seen {
	s := newSeen()
	for i, e := range p.events {
		if !p.times[i].After(at) {
			s.add(e)
		}
	}
	s.erased = p.state.erased // is erased from the past, too
	return s
}

// forget leaves nothing of who was erased, whenever that was.
func (s *seen) forget(people ...account.Person) []account.Person {
	all := slices.Clone(people)
	for i, p := range all {
		if s.erased[p.ID] {
			all[i] = p.Erase()
		}
	}
	return all
}

func (s *seen) deviceRow(uid uuid.UUID) query.DeviceRow {
	d := s.devices[uid]
	return query.DeviceRow{State: d, AccountName: s.accounts[d.Account].Name, Revision: s.revisions[device.Aggregate.Stream(uid)]}
}

func (s *seen) accountRow(uid uuid.UUID, now time.Time) query.AccountRow {
	v, stream := s.accounts[uid], account.Aggregate.Stream(uid)
	row := query.AccountRow{
		UID: uid, Name: v.Name, Type: v.Type, Status: v.StatusAt(now), Offers: v.Offers, Administrators: s.administrators(v),
		CreatedAt: s.created[stream], InvitationExpires: v.Invitation.Expires, Billing: v.Billing,
		ChannelContacts: s.forget(v.ChannelContacts...), Security: v.Security, Revision: s.revisions[stream],
	}
	if v.Billing.Contact != nil {
		row.Billing.Contact = &s.forget(*v.Billing.Contact)[0]
	}
	return row
}

func (s *seen) administrators(v account.State) []account.Person {
	if len(v.Administrators) > 0 {
		return s.forget(v.Administrators...)
	}
	return s.forget(v.Administrator)
}

func (s *seen) userRow(uid uuid.UUID, now time.Time) query.UserRow {
	u, stream := s.users[uid], user.Aggregate.Stream(uid)
	row := query.UserRow{
		UID: uid, Account: u.Account, Person: s.forget(u.Person)[0], Status: u.StatusAt(now), Profiles: s.profiles(u),
		Administrator: u.Administrator, CreatedAt: s.created[stream], InvitationExpires: u.Invitation.Expires, Revision: s.revisions[stream],
	}
	if u.Status != user.Pending {
		row.Administrator = s.accounts[u.Account].Administers(uid)
	}
	return row
}

func (s *seen) profiles(u user.State) []rights.Profile {
	var all []rights.Profile
	for _, id := range u.Profiles {
		all = append(all, s.accounts[u.Account].Profile(id))
	}
	return all
}

func (s *seen) partnershipRow(p partnership.State, side uuid.UUID) query.PartnershipRow {
	partner := s.accounts[p.Customer]
	if side == p.Customer {
		partner = s.accounts[p.Reseller]
	}
	return query.PartnershipRow{
		UID: p.UID, Reseller: p.Reseller, Customer: p.Customer, Profile: s.accounts[p.Customer].Profile(p.Profile), Until: p.Until,
		PartnerName: partner.Name, PartnerType: partner.Type, Administrators: s.administrators(partner),
	}
}

// customerRow counts the devices one by one.
func (s *seen) customerRow(p partnership.State, now time.Time) query.CustomerRow {
	v := s.accounts[p.Customer]
	row := query.CustomerRow{
		UID: v.UID, Name: v.Name, Status: v.StatusAt(now), PartnerProfile: v.Profile(p.Profile), Administrators: s.administrators(v),
	}
	today := dateOf(now)
	for _, d := range s.devices {
		if !d.Exists() || d.Account != v.UID || d.LifeCycle == device.OutOfService {
			continue
		}
		row.TotalSystems++
		if d.LifeCycle == device.Active {
			row.ActiveSystems++
		}
		end := d.Service.End
		switch {
		case d.Service.AutoRenew:
			row.AutoRenewing++
			continue
		case end < today:
			row.Expired++
			continue
		case row.InitialRenewal == 0 || end < row.InitialRenewal:
			row.InitialRenewal, row.RenewalSystems = end, 1
		case end == row.InitialRenewal:
			row.RenewalSystems++
		}
		row.LastRenewal = max(row.LastRenewal, end)
		for i, w := range query.DefaultWindows {
			if today.AddDays(w.FromDay) <= end && end <= today.AddDays(w.ToDay) {
				row.Windows[i]++
			}
		}
	}
	return row
}
