package fleet_test

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// draw gives a number below n.
type draw func(n int) int

func rapidDraw(t *rapid.T) draw {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }
}

// world makes valid histories: few accounts and devices, so that everything
// happens to the same ones often.
type world struct {
	*history
	draw     draw
	reseller uuid.UUID
	accounts []uuid.UUID
	devices  map[uuid.UUID]device.State
	serials  []string
	users    []uuid.UUID // of the accounts
	onward   bool        // the clock never goes back, and is moved ahead
}

func newWorld(d draw, devices int) *world {
	w := &world{history: newHistory(), draw: d, devices: map[uuid.UUID]device.State{}}
	w.reseller = w.account("Reseller", account.Reseller, uuid.Nil)
	for i := range 3 {
		w.accounts = append(w.accounts, w.customer(fmt.Sprintf("Customer %d", i), w.reseller))
	}
	for i, customer := range w.accounts {
		w.users = append(w.users, w.invited(customer, fmt.Sprintf("user%d@x.example", i), false))
	}
	for i := range devices {
		w.serials = append(w.serials, fmt.Sprintf("SN%05d", i))
	}
	return w
}

// step adds one or two events, now and then at the same or an earlier time.
func (w *world) step() {
	switch n := w.draw(12); {
	case w.onward && n < 3:
		w.now = w.now.Add(time.Duration(w.draw(90)) * 6 * time.Hour)
	case w.onward:
	case n == 0:
		w.now = w.now.Add(-5 * time.Minute) // a clock that was set back, or another instance's
	case n == 1:
		w.now = w.now.Add(-time.Minute) // the same minute as the last event
	case n == 2:
		w.now = w.now.AddDate(0, 0, w.draw(4)-1) // another day, the one before, too
	}
	switch w.draw(10) {
	case 0:
		w.accountStep()
	case 1:
		w.partnershipStep()
	case 2:
		w.userStep()
	default:
		w.deviceStep(w.serials[w.draw(len(w.serials))])
	}
}

func (w *world) accountStep() {
	uid := w.accounts[w.draw(len(w.accounts))]
	w.add(account.Aggregate.Stream(uid), []domain.Event{
		account.AccountActivated{Account: uid, Administrator: account.Person{ID: uid, Email: "a@b.example"}},
		account.InvitationSent{Account: uid, Invitation: account.Invitation{Number: 2, Expires: w.now.AddDate(0, 0, 7)}},
		account.AccountClosed{Account: uid},
		account.ProfileDefined{Account: uid, Profile: uuid.UUID{byte(w.draw(3))}, Name: "Workshop", Rights: []rights.Right{rights.DevicesRead}},
		account.ProfileRemoved{Account: uid, Profile: uuid.UUID{byte(w.draw(3))}},
		account.ExternalAccountAdded{Account: uid, ExternalAccount: uuid.UUID{byte(w.draw(3))}, Credential: uuid.New()},
		account.ExternalAccountSecretReplaced{Account: uid, ExternalAccount: uuid.UUID{byte(w.draw(3))}, Credential: uuid.New()},
		account.ExternalAccountRemoved{Account: uid, ExternalAccount: uuid.UUID{byte(w.draw(3))}},
	}[w.draw(8)])
}

func (w *world) userStep() {
	i := w.draw(len(w.users))
	uid, account := w.users[i], w.accounts[i]
	w.add(user.Aggregate.Stream(uid), []domain.Event{
		user.UserActivated{User: uid, Account: account},
		user.UserSignedIn{User: uid, Account: account, Day: calendar.DateOf(w.now)},
		user.UserDeactivated{User: uid},
	}[w.draw(3)])
}

func (w *world) partnershipStep() {
	customer := w.accounts[w.draw(len(w.accounts))]
	uid := partnership.UID(w.reseller, customer)
	w.add(partnership.Aggregate.Stream(uid), []domain.Event{
		partnership.PartnerProfileAssigned{Partnership: uid, Profile: "full"},
		partnership.PartnershipEnded{Partnership: uid},
		partnership.PartnershipEstablished{Partnership: uid, Reseller: w.reseller, Customer: customer, Profile: "renewals"},
	}[w.draw(3)])
}

func (w *world) deviceStep(serial string) {
	uid := device.UID(serial)
	s := w.devices[uid]
	var events []domain.Event
	switch {
	case !s.Exists():
		events = w.unregistered(uid, serial)
	case s.LifeCycle == device.OutOfService:
		events = []domain.Event{device.Held{Device: uid, Batch: uuid.New()}, device.HoldReleased{Device: uid}}
	default:
		events = w.living(uid, s)
	}
	for _, e := range events {
		s = device.Evolve(s, e)
	}
	w.devices[uid] = s
	w.add(device.Aggregate.Stream(uid), events...)
}

func (w *world) unregistered(uid uuid.UUID, serial string) []domain.Event {
	r := registered(serial, w.accounts[w.draw(3)], day0+calendar.Date(w.draw(20)))
	r.Service.AutoRenew = w.draw(4) == 0
	r.Labels = []string{"a", "b"}[:w.draw(3)]
	switch w.draw(4) {
	case 0:
		return []domain.Event{device.ClaimAbandoned{Device: uid, Reservation: "reservation-factor-x"}}
	case 1:
		return []domain.Event{device.Held{Device: uid, Batch: uuid.New()}, r}
	default:
		return []domain.Event{r}
	}
}

func (w *world) living(uid uuid.UUID, s device.State) []domain.Event {
	end := day0 + calendar.Date(w.draw(20))
	choices := []domain.Event{
		device.Renamed{Device: uid, OldName: s.Name, NewName: fmt.Sprintf("Name %d", w.draw(9))},
		device.Relabelled{Device: uid, NewLabels: []string{"x"}},
		device.Suspended{Device: uid},
		device.Resumed{Device: uid},
		device.ServiceRenewed{Device: uid, Renewal: uuid.New(), OldEnd: s.Service.End, NewEnd: end, AnchorDay: 1},
		device.Transferred{Device: uid, Transfer: uuid.New(), From: s.Account, To: w.accounts[w.draw(3)], Name: s.Name,
			Service: device.Service{Offer: catalogue.Basic, Start: day0, End: end, AnchorDay: 1, AutoRenew: w.draw(3) == 0}},
		device.TransferReversed{Device: uid, Transfer: uuid.New(), Reversal: uuid.New(), From: s.Account, To: w.accounts[w.draw(3)],
			LifeCycle: device.Active, Service: device.Service{Offer: catalogue.Basic, Start: day0, End: end, AnchorDay: 1, AutoRenew: w.draw(3) == 0}},
		device.Held{Device: uid, Batch: uuid.New()},
		device.Retired{Device: uid},
	}
	return choices[w.draw(len(choices)):][:1]
}
