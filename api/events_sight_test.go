package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// sight is what somebody may see: by right in which accounts, and whose partnerships.
type sight struct {
	own   uuid.UUID
	in    map[uuid.UUID]rights.Set
	knows map[uuid.UUID]bool // accounts that it may have heard of
}

func (s sight) has(right rights.Right, accounts ...uuid.UUID) bool {
	return slices.ContainsFunc(accounts, func(uid uuid.UUID) bool { return s.in[uid].Has(right) })
}

// sightOf is that of an account's administrator, by what the customers have chosen.
func (w *trade) sightOf(own uuid.UUID) sight {
	s := sight{own: own, in: map[uuid.UUID]rights.Set{own: rights.Administrator()}, knows: map[uuid.UUID]bool{own: true}}
	for side, set := range w.may {
		if side.reseller == own {
			s.in[side.customer] = set
		}
	}
	for side := range w.ever {
		if side.reseller == own || side.customer == own {
			s.knows[side.reseller], s.knows[side.customer] = true, true
		}
	}
	return s
}

// members are those of events that the oracle goes by.
type members struct {
	Account, From, To, Reseller, Customer uuid.UUID
	Devices                               []json.RawMessage
}

// deviceOf is the device of a line, which is its id or names it.
func deviceOf(line json.RawMessage) (id, account uuid.UUID) {
	if json.Unmarshal(line, &id) != nil {
		var l struct{ Device, Account uuid.UUID }
		_ = json.Unmarshal(line, &l)
		return l.Device, l.Account
	}
	return id, uuid.Nil
}

// told is the oracle: the ids of the events that somebody is told, found by going through
// all of them from the first with the rule of the API's description. Slow, and made of
// nothing that the feed is made of.
func (s sight) told(all []openapi.CloudEvent) (ids []string) {
	of, first := map[string]uuid.UUID{}, map[string]members{}
	lines := map[string]map[uuid.UUID]uuid.UUID{}
	for _, e := range all {
		var d members
		_ = json.Unmarshal(e.Data, &d)
		category, _, _ := strings.Cut(e.Subject, "-")
		if _, begun := first[e.Subject]; !begun && e.Type != "NoticeDevicesListed" {
			first[e.Subject] = d
		}
		begun := first[e.Subject]
		sees := false
		switch category {
		case "device":
			before := of[e.Subject]
			switch {
			case e.Computed != nil:
				before = d.Account
			case e.Type == "Registered":
				of[e.Subject] = d.Account
			case e.Type == "Transferred" || e.Type == "TransferReversed":
				of[e.Subject] = d.To
			}
			after := of[e.Subject]
			if e.Computed != nil {
				after = d.Account
			}
			sees = s.has(rights.DevicesRead, before, after)
		case "account":
			sees = s.has(rights.AccountRead, uuid.MustParse(strings.TrimPrefix(e.Subject, "account-")))
		case "user":
			sees = s.has(rights.UsersRead, begun.Account)
		case "partnership":
			sees = s.has(rights.PartnersRead, begun.Reseller, begun.Customer) && (begun.Reseller == s.own || begun.Customer == s.own)
		case "transfer":
			sees = s.has(rights.DevicesRead, begun.From) && s.has(rights.DevicesRead, begun.To)
		case "renewalorder":
			if e.Type == "RenewalOrdered" {
				lines[e.Subject] = map[uuid.UUID]uuid.UUID{}
				for _, line := range d.Devices {
					id, account := deviceOf(line)
					lines[e.Subject][id] = account
				}
			}
			sees = slices.ContainsFunc(d.Devices, func(line json.RawMessage) bool {
				id, _ := deviceOf(line)
				return s.has(rights.DevicesRead, lines[e.Subject][id])
			})
		case "notice", "noticeround":
			sees = e.Type != "NoticeDevicesListed" && s.has(rights.CustomersRead, begun.Reseller)
		}
		if sees {
			ids = append(ids, e.Id.String())
		}
	}
	return ids
}

// Whatever has happened, everybody is told exactly what the rule says, in the order of the
// log, in one part or in many; and nothing that is told names an account of which the
// reader knows nothing.
func TestEverybodyIsToldByTheRule(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newTrade(t, seed)
			for range 60 {
				w.deed()
			}
			w.settle()
			all := w.isToldBy(w.upTo("limit=1000"))
			require.Less(t, len(all), 1000)
			for own, c := range w.as {
				s := w.sightOf(own)
				events := c.isToldBy(w.upTo("limit=1000"))
				require.Equal(t, s.told(all), idsOf(events))
				w.namesNobodyElse(s, events)
				var walked []string
				for last := ""; ; {
					part := idsOf(c.isToldBy("limit=3" + last))
					if len(part) == 0 {
						break
					}
					walked, last = append(walked, part...), "&lastEventId="+part[len(part)-1]
				}
				require.Equal(t, idsOf(events), walked)
			}
		})
	}
}

func idsOf(events []openapi.CloudEvent) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.Id.String())
	}
	return ids
}

// namesNobodyElse looks for accounts of which a reader knows nothing.
func (w *trade) namesNobodyElse(s sight, events []openapi.CloudEvent) {
	w.t.Helper()
	for _, e := range events {
		text, err := json.Marshal(e)
		must(w.t, err)
		for uid := range w.as {
			if !s.knows[uid] {
				require.NotContains(w.t, string(text), uid.String())
			}
		}
	}
}

// Who else an account deals with is not its partner's business: not another partnership,
// not whose customer it was first, nor who ordered for its devices.
func TestPartnersAreNotToldOfEachOther(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	ctx := t.Context()
	when(m.reseller.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(1)}, Term: new("P1Y"), OrderNumber: new("PO-2")})).Then(t)
	when(m.customer.EstablishPartnership(ctx, m.customerUID, nil, client.NewPartner{Partner: m.strangerUID})).Then(t)
	when(m.EditAccount(ctx, m.customerUID, nil, client.AccountEdit{Name: new("Alder again")})).Then(t)
	m.get("/v1/devices?minPosition=" + m.customer.Position())
	partnerships := func(c *caller, query string) []string { return toldOf(c.isToldBy(m.upTo(query)), "partnership-") }
	expect(t, "customer", len(partnerships(m.customer, "limit=1000")), 2)
	expect(t, "operator", len(partnerships(m.caller, "limit=1000")), 2)
	expect(t, "first partner", len(partnerships(m.reseller, "limit=1000")), 1)
	expect(t, "second partner", len(partnerships(m.stranger, "limit=1000")), 1)
	expect(t, "of the customer", len(partnerships(m.stranger, "account="+m.customerUID.String())), 1)

	events := m.stranger.isToldBy(m.upTo("limit=1000"))
	acting := m.stranger.get("/v1/events?limit=1000", "X-Account: "+m.customerUID.String())
	for _, text := range append(textsOf(t, events), string(acting.body)) {
		require.NotContains(t, text, m.resellerUID.String())
	}
	for name, c := range map[string]*caller{"customer": m.customer, "reseller": m.reseller} {
		for _, e := range c.isToldBy("type=AccountCreated&type=RenewalOrdered&account=" + m.customerUID.String()) {
			if e.Type == "AccountCreated" || strings.Contains(string(e.Data), "PO-2") {
				require.Contains(t, string(e.Data), m.resellerUID.String(), "%s: %s", name, e.Type)
			}
		}
	}
}

func textsOf(t *testing.T, events []openapi.CloudEvent) (all []string) {
	t.Helper()
	for _, e := range events {
		text, err := json.Marshal(e)
		must(t, err)
		all = append(all, string(text))
	}
	return all
}

// Of an order for devices of several accounts each is told what is its own. Events of
// which nothing is told do not end an answer, nor hide what is behind them.
func TestFeedSkipsNothing(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	ctx := t.Context()
	other := m.customerOf(m.reseller, "Beacon")
	expect(t, "registered", m.registers(newDevice(2, other)), []string{"created"})
	for n := range 3 {
		ordered := when(m.reseller.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(1), mp70(2)}, Term: new("P1Y"), OrderNumber: new(fmt.Sprint("PO-", 5+n))})).Then(t).JSON200
		when(m.ApplyRenewal(ctx, *ordered.Id, nil, client.RenewalAnswer{Devices: &[]string{mp70(2)}})).Then(t)
	}
	when(m.EditDevice(ctx, mp70(1), nil, client.DeviceEdit{Name: new("gate")})).Then(t)
	whole := m.customer.isToldBy(m.upTo("limit=1000"))
	expect(t, "last", whole[len(whole)-1].Type, "Renamed")
	orders := toldOf(whole, "renewalorder-")
	expect(t, "orders", orders[len(orders)-3:], []string{"RenewalOrdered redacted", "RenewalOrdered redacted", "RenewalOrdered redacted"})
	for limit := 1; limit <= 3; limit++ {
		var walked []string
		for last := ""; ; {
			part := idsOf(m.customer.isToldBy(fmt.Sprintf("limit=%d%s", limit, last)))
			if len(part) == 0 {
				break
			}
			walked, last = append(walked, part...), "&lastEventId="+part[len(part)-1]
		}
		require.Equal(t, idsOf(whole), walked, "limit %d", limit)
	}
}
