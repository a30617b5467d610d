package fleet_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/user"
)

func (m *model) due(t *testing.T, q query.DueQuery) []query.DueRow {
	t.Helper()
	rows, err := m.reader.Due(t.Context(), q)
	require.NoError(t, err)
	return rows
}

// Partnerships with an end, the earliest first, until their end is recorded;
// and when the next warning is due.
func TestPartnershipsThatEnd(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	until := start.AddDate(0, 0, 40)
	ending := func(name string, days int) uuid.UUID {
		p := partnership.UID(reseller, h.customer(name, reseller))
		if days > 0 {
			h.add(partnership.Aggregate.Stream(p), partnership.PartnershipEndSet{Partnership: p, Until: until.AddDate(0, 0, days)})
		}
		return p
	}
	ending("Without an end", 0)
	late, early := ending("Late", 9), ending("Early", 3)
	gone := ending("Gone", 2)
	h.add(partnership.Aggregate.Stream(gone), partnership.PartnershipEnded{Partnership: gone})
	kept := ending("Kept", 1)
	h.add(partnership.Aggregate.Stream(kept), partnership.PartnershipEndRemoved{Partnership: kept})
	m.whenProjected(t, h)
	ends := query.DueQuery{Kind: query.DuePartnershipEnds, Limit: 10}
	require.Equal(t, []query.DueRow{{UID: early, At: until.AddDate(0, 0, 3)}, {UID: late, At: until.AddDate(0, 0, 9)}}, m.due(t, ends))
	ends.Limit = 1
	first := m.due(t, ends)
	require.Len(t, first, 1)
	ends.After = first[0]
	require.Equal(t, []query.DueRow{{UID: late, At: until.AddDate(0, 0, 9)}}, m.due(t, ends))
	ends.Upto = until.AddDate(0, 0, 9).Add(-time.Microsecond)
	require.Empty(t, m.due(t, ends))

	warnings := query.DueQuery{Kind: query.DuePartnershipWarning, Limit: 10}
	require.Empty(t, m.due(t, warnings))
	warnings.WarnDays = []int{7, 31}
	require.Equal(t, []query.DueRow{{UID: early, At: until.AddDate(0, 0, 3-31)}, {UID: late, At: until.AddDate(0, 0, 9-31)}}, m.due(t, warnings))
	h.add(partnership.Aggregate.Stream(early), partnership.PartnershipEndWarned{Partnership: early, DaysBefore: 31})
	m.whenProjected(t, h)
	require.Equal(t, []query.DueRow{{UID: late, At: until.AddDate(0, 0, 9-31)}, {UID: early, At: until.AddDate(0, 0, 3-7)}}, m.due(t, warnings))
	h.add(partnership.Aggregate.Stream(early), partnership.PartnershipEndWarned{Partnership: early, DaysBefore: 7})
	m.whenProjected(t, h)
	require.Equal(t, []query.DueRow{{UID: late, At: until.AddDate(0, 0, 9-31)}}, m.due(t, warnings))
}

// Invitations of accounts and users, until they are used, or it is recorded that
// they have run out. The instant is one at which that is so, not a moment before.
func TestInvitationsThatRunOut(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	h.now = h.now.Add(1234567 * time.Nanosecond)
	uid := h.account("Northwind", account.Reseller, uuid.Nil)
	active := h.account("Fabrikam", account.Reseller, uuid.Nil)
	h.add(account.Aggregate.Stream(active), account.AccountActivated{Account: active})
	guest := uuid.New()
	invitation := account.Invitation{Number: 1, Expires: h.now.AddDate(0, 0, 7)}
	h.add(user.Aggregate.Stream(guest), user.UserInvited{User: guest, Account: uid, Invitation: invitation})
	m.whenProjected(t, h)
	accounts, users := query.DueQuery{Kind: query.DueInvitations, Limit: 10}, query.DueQuery{Kind: query.DueUserInvitations, Limit: 10}
	due := m.due(t, accounts)
	require.Len(t, due, 1)
	require.Equal(t, uid, due[0].UID)
	created := h.events[0].Event.(account.AccountCreated)
	require.Equal(t, created.Invitation.Expires.Add(999*time.Nanosecond).Truncate(time.Microsecond), due[0].At)
	lapsed, err := account.DecideLapse(account.Evolve(account.State{}, created), due[0].At)
	require.NoError(t, err)
	require.Len(t, lapsed, 1)
	require.Len(t, m.due(t, users), 1)

	h.add(account.Aggregate.Stream(uid), account.InvitationExpired{Account: uid, Number: 1})
	h.add(user.Aggregate.Stream(guest), user.UserInvitationExpired{User: guest, Number: 1})
	m.whenProjected(t, h)
	require.Empty(t, append(m.due(t, accounts), m.due(t, users)...))
	h.add(account.Aggregate.Stream(uid), account.InvitationSent{Account: uid, Invitation: account.Invitation{Number: 2, Expires: h.now}})
	h.add(user.Aggregate.Stream(guest), user.UserInvitationSent{User: guest, Invitation: account.Invitation{Number: 2, Expires: h.now}})
	m.whenProjected(t, h)
	require.Len(t, append(m.due(t, accounts), m.due(t, users)...), 2)
	h.add(account.Aggregate.Stream(uid), account.AccountClosed{Account: uid})
	h.add(user.Aggregate.Stream(guest), user.UserInvitationRevoked{User: guest})
	m.whenProjected(t, h)
	require.Empty(t, append(m.due(t, accounts), m.due(t, users)...))
}

// Resellers' accounts that lack offers, until they have all.
func TestResellersThatLackOffers(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	uid := h.account("Northwind", account.Reseller, uuid.Nil)
	h.add(account.Aggregate.Stream(uid), account.OffersAssigned{Account: uid, Offers: []catalogue.Offer{catalogue.Basic}})
	standard := h.account("Fabrikam", account.Standard, uuid.Nil)
	h.add(account.Aggregate.Stream(standard), account.OffersAssigned{Account: standard, Offers: []catalogue.Offer{catalogue.Basic}})
	closed := h.account("Gone", account.Reseller, uuid.Nil)
	h.add(account.Aggregate.Stream(closed), account.OffersAssigned{Account: closed}, account.AccountClosed{Account: closed})
	m.whenProjected(t, h)
	q := query.DueQuery{Kind: query.DueAllServices, Limit: 10}
	due := m.due(t, q)
	require.Len(t, due, 1)
	require.Equal(t, uid, due[0].UID)
	h.add(account.Aggregate.Stream(uid), account.OffersAssigned{Account: uid, Offers: catalogue.Offers})
	m.whenProjected(t, h)
	require.Empty(t, m.due(t, q))
}

// Requests for retired devices, from the later of request and retirement, until they
// have an answer, or the device is back in service.
func TestReleasesThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	customer := h.customer("Delta Rail", reseller)
	end := calendar.DateOf(start).AddMonths(12, 1)
	request := func(serial string) uuid.UUID {
		id := uuid.New()
		h.add(release.Aggregate.Stream(customer), release.ReleaseRequested{Request: id, Device: device.UID(serial), SerialNumber: serial, Requester: reseller})
		return id
	}
	one := func(serial string, e func(uuid.UUID) domain.Event) {
		h.add(device.Aggregate.Stream(device.UID(serial)), e(device.UID(serial)))
	}
	retire := func(uid uuid.UUID) domain.Event { return device.Retired{Device: uid} }
	reinstate := func(uid uuid.UUID) domain.Event { return device.Reinstated{Device: uid, Name: "back"} }
	rename := func(uid uuid.UUID) domain.Event { return device.Renamed{Device: uid, NewName: "still"} }
	for _, serial := range []string{"SN1", "SN2", "SN3", "SN4"} {
		h.device(serial, customer, end)
	}

	one("SN1", retire)
	asked := request("SN1")
	askedAt := h.now
	later := request("SN2")
	one("SN2", retire)
	one("SN2", reinstate)
	one("SN2", retire)
	retiredAt := h.now
	one("SN2", rename) // a retired one may be changed; it is retired for no less
	request("SN3")     // in service
	answered := request("SN4")
	one("SN4", retire)
	m.whenProjected(t, h)
	const week = 7 * 24 * time.Hour
	q := query.DueQuery{Kind: query.DueReleases, Unanswered: week, Limit: 10}
	due := m.due(t, q)
	require.Equal(t, []query.DueRow{{UID: asked, At: askedAt.Add(week)}, {UID: later, At: retiredAt.Add(week)}}, due[:2])
	require.Len(t, due, 3)
	q.Upto = askedAt.Add(week)
	require.Equal(t, due[:1], m.due(t, q))
	q.Upto, q.After = time.Time{}, due[0]
	require.Equal(t, due[1:], m.due(t, q))

	h.add(release.Aggregate.Stream(customer), release.ReleaseRequestDenied{Request: answered}, release.ReleaseRequestGranted{Request: asked})
	one("SN2", reinstate)
	m.whenProjected(t, h)
	q.After = query.DueRow{}
	require.Empty(t, m.due(t, q))
}
