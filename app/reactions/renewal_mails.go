package reactions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/letters"
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
		by = letters.Quoted(s.Name)
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
			if to.IsGone() {
				continue
			}
			mail, err := renewalMail(e, to, by, what, o, about, reason, m.publicURL)
			if err != nil {
				return nil, err
			}
			mails = append(mails, mail)
		}
	}
	slices.SortFunc(mails, func(a, b ports.Mail) int { return strings.Compare(a.To, b.To) })
	return mails, nil
}

// listed is how many devices a mail names.
const listed = 20

func renewalMail(e eventlog.Recorded, to account.Person, by, what string, o order.State, about []order.Line, reason, publicURL string) (ports.Mail, error) {
	devices := &letters.Table{Caption: "Devices", Head: []letters.Head{{Label: "Serial number"}}}
	if what == "ordered" { // what the preview said
		devices.Head = append(devices.Head, letters.Head{Label: "Service end", Right: true}, letters.Head{Label: "With this order", Right: true})
	}
	for _, l := range about[:min(len(about), listed)] {
		row := []letters.Cell{{Text: l.SerialNumber, Code: true}, {Text: l.OldEnd.String()}, {Text: l.NewEnd.String()}}
		devices.Rows = append(devices.Rows, row[:len(devices.Head)])
	}
	number := ""
	if o.OrderNumber != "" {
		number = " " + letters.Quoted(o.OrderNumber)
	}
	facts := []letters.Fact{{Label: "Ordered by", Value: by}, ordered(o)}
	if reason != "" {
		facts = append(facts, letters.Fact{Label: "Reason", Value: reason})
	}
	l := letters.Letter{
		Title: fmt.Sprintf("The renewal order%s was %s", number, what),
		Blocks: []letters.Block{
			{Text: fmt.Sprintf("The renewal order%s of %s was %s for %s.", number, by, what, letters.Devices(len(about)))},
			{Facts: facts}, {Table: devices},
		},
		Button: letters.Link{Label: "Look at the order", URL: publicURL + "/orders/" + o.UID.String()},
		Why:    []string{"You get this because you are an administrator of an account that the order concerns."},
	}
	if more := len(about) - listed; more > 0 {
		l.Blocks = append(l.Blocks, letters.Block{Note: fmt.Sprintf("and %d more", more)})
	}
	return mailTo(e, to, fmt.Sprintf("Renewal order%s %s (%s)", number, what, letters.Devices(len(about))), l)
}

// ordered says for how long devices were to be renewed.
func ordered(o order.State) letters.Fact {
	switch {
	case o.Term != (calendar.Term{}):
		return letters.Fact{Label: "Term", Value: o.Term.String()}
	case !o.Until.IsZero():
		return letters.Fact{Label: "Until", Value: o.Until.String()}
	case !o.Align.Day.IsZero():
		return letters.Fact{Label: "Until", Value: o.Align.Day.String() + ", the same day for all"}
	}
	if o.Align.Kind == "" {
		return letters.Fact{Label: "Offer", Value: string(o.Offer)}
	}
	return letters.Fact{Label: "Until", Value: string(o.Align.Kind)}
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
