package reactions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// renewalOrdered mails that a renewal was ordered to the other side: to the
// customers whose devices a reseller has ordered for, to the reseller of a
// customer that has ordered for its own. The operator has no mailbox; its list
// shows the order. An order of the operator is applied at once, which is mailed.
func (m *Mailings) renewalOrdered(ctx context.Context, e eventlog.Recorded, event order.RenewalOrdered) ([]ports.Mail, error) {
	if event.Account == uuid.Nil {
		return nil, nil
	}
	o := order.Aggregate.Fold(order.State{}, event)
	return m.toOtherSide(ctx, e, o, "ordered", lines(o, nil), "")
}

// renewalWithdrawn mails that an order was taken back to those who were told of it.
// What ended because an account was closed is news to whoever ordered, too.
func (m *Mailings) renewalWithdrawn(ctx context.Context, e eventlog.Recorded, event order.RenewalOrderWithdrawn) ([]ports.Mail, error) {
	o, err := load(ctx, m, order.Aggregate, event.Order)
	if err != nil || o.Account == uuid.Nil {
		return nil, err
	}
	mails, err := m.toOtherSide(ctx, e, o, "withdrawn", lines(o, event.Devices), event.Reason)
	if err != nil || e.Metadata.Actor.Kind != domain.ActorSystem {
		return mails, err
	}
	own, err := m.renewalAnswered(ctx, e, event.Order, "withdrawn", event.Devices, event.Reason)
	return append(own, mails...), err
}

// renewalAnswered mails what the operator has done about an order to the account
// that ordered, or, when that was the operator, to the accounts of the devices.
func (m *Mailings) renewalAnswered(ctx context.Context, e eventlog.Recorded, uid uuid.UUID, what string, devices []uuid.UUID, reason string) ([]ports.Mail, error) {
	o, err := load(ctx, m, order.Aggregate, uid)
	if err != nil {
		return nil, err
	}
	told := map[uuid.UUID][]order.Line{}
	for _, l := range lines(o, devices) {
		to := cmp.Or(o.Account, l.Account)
		told[to] = append(told[to], l)
	}
	return m.renewalMails(ctx, e, o, what, told, reason)
}

// toOtherSide mails to the accounts of the devices, or, about devices of the
// account that ordered, to the reseller that it is a customer of.
func (m *Mailings) toOtherSide(ctx context.Context, e eventlog.Recorded, o order.State, what string, about []order.Line, reason string) ([]ports.Mail, error) {
	by, err := load(ctx, m, account.Aggregate, o.Account)
	if err != nil {
		return nil, err
	}
	p, err := load(ctx, m, partnership.Aggregate, partnership.UID(by.Reseller, by.UID))
	if err != nil {
		return nil, err
	}
	told := map[uuid.UUID][]order.Line{}
	for _, l := range about {
		switch {
		case l.Account != o.Account:
			told[l.Account] = append(told[l.Account], l)
		case p.ActiveAt(m.executor.Clock.Now()):
			told[by.Reseller] = append(told[by.Reseller], l)
		}
	}
	return m.renewalMails(ctx, e, o, what, told, reason)
}

// renewalMails mails to the administrators of accounts, to each about the devices
// that are given for it.
func (m *Mailings) renewalMails(ctx context.Context, e eventlog.Recorded, o order.State, what string, told map[uuid.UUID][]order.Line, reason string) ([]ports.Mail, error) {
	by := "the platform owner"
	if o.Account != uuid.Nil {
		s, err := load(ctx, m, account.Aggregate, o.Account)
		if err != nil {
			return nil, err
		}
		by = s.Name
	}
	var mails []ports.Mail
	for uid, about := range told {
		s, err := load(ctx, m, account.Aggregate, uid)
		if err != nil {
			return nil, err
		}
		if s.Status == account.Closed {
			continue
		}
		for _, to := range s.Administrators {
			if !to.IsErased() {
				mails = append(mails, renewalMail(e, to, by, what, o, about, reason, m.publicURL))
			}
		}
	}
	slices.SortFunc(mails, func(a, b ports.Mail) int { return strings.Compare(a.To, b.To) })
	return mails, nil
}

// listed is how many devices a mail names.
const listed = 20

func renewalMail(e eventlog.Recorded, to account.Person, by, what string, o order.State, about []order.Line, reason, publicURL string) ports.Mail {
	var devices strings.Builder
	for _, l := range about[:min(len(about), listed)] {
		fmt.Fprintf(&devices, "  %s\n", l.SerialNumber)
	}
	if more := len(about) - listed; more > 0 {
		fmt.Fprintf(&devices, "  and %d more\n", more)
	}
	number := ""
	if o.OrderNumber != "" {
		number = " " + o.OrderNumber
	}
	if reason != "" {
		reason = "Reason: " + reason + "\n"
	}
	return ports.Mail{
		ID: uuid.NewSHA1(e.ID, to.ID[:]), To: to.Email, At: e.Metadata.OccurredAt,
		Subject: fmt.Sprintf("Renewal order%s %s (%s)", number, what, counted(len(about))),
		Body: fmt.Sprintf(`Hello %s,

the renewal order%s of %s was %s for these devices:

%s
%s
%s
%s/v1/renewals/%s
`, to.Name, number, by, what, devices.String(), ordered(o), reason, publicURL, o.UID),
	}
}

func counted(devices int) string {
	if devices == 1 {
		return "1 device"
	}
	return fmt.Sprint(devices, " devices")
}

// ordered says for how long devices were to be renewed.
func ordered(o order.State) string {
	switch {
	case o.Term != (calendar.Term{}):
		return "Term: " + o.Term.String()
	case !o.Until.IsZero():
		return "Until: " + o.Until.String()
	case !o.Align.Day.IsZero():
		return "Until: " + o.Align.Day.String() + ", the same day for all"
	}
	return "Until: " + string(o.Align.Kind)
}

// lines are those of some devices of an order, of all when none are named.
func lines(o order.State, devices []uuid.UUID) []order.Line {
	var all []order.Line
	for _, d := range o.Devices {
		if len(devices) == 0 || slices.Contains(devices, d.Device) {
			all = append(all, d.Line)
		}
	}
	return all
}

func renewedDevices(e order.RenewalOrderApplied) []uuid.UUID {
	uids := make([]uuid.UUID, len(e.Devices))
	for i, d := range e.Devices {
		uids[i] = d.Device
	}
	return uids
}
