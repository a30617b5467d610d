package app_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// deed is one random command: what it is, and numbers to choose by.
type deed struct {
	Kind       string
	A, B, N, M int
	Flag       bool
}

// kinds of deeds, the likelier ones several times.
var kinds = []string{
	"register", "register", "register", "register", "register", "transfer", "transfer", "transfer", "transfer", "transfer", "transfer",
	"transfer", "transfer", "plan", "commit", "commit", "reverse transfer", "reverse transfer", "reverse transfer", "renew", "renew",
	"reverse renewal", "reverse renewal", "grant", "edit", "edit", "suspend", "resume", "retire", "ask", "ask", "answer",
	"open", "open", "customer", "customer", "activate", "activate", "invite again", "close", "rename", "rename", "bill", "profile",
	"partner", "partner", "end partnership", "erase", "invite", "invite", "invite", "accept", "accept", "accept", "edit user", "edit user", "revoke", "resend",
	"deactivate", "deactivate", "reactivate", "erase user", "days", "days", "days", "years",
}

func drawDeed(t *rapid.T) deed {
	return deed{
		Kind: kinds[evenly(t, 7)%len(kinds)], A: evenly(t, 3), B: evenly(t, 3), N: evenly(t, 5) % 28, M: evenly(t, 5) % 28, Flag: evenly(t, 1) == 1,
	}
}

// evenly draws a number of so many bits. Unlike rapid's integers it is not more
// likely a small one.
func evenly(t *rapid.T, bits int) (n int) {
	for range bits {
		n *= 2
		if rapid.Bool().Draw(t, "bit") {
			n++
		}
	}
	return n
}

// answer is what a command was answered.
type answer struct {
	deed    deed
	id      uuid.UUID
	bulk    *command.BulkResult
	written *command.Receipt
	err     error
}

// do carries out a deed and keeps the answer. Refusals are fine.
func (a *arena) do(d deed) {
	got := answer{deed: d, id: uuid.New()}
	c := command.Command{ID: got.id, Reason: "chaos"}
	for _, do := range []func(context.Context, deed, command.Command, *answer) bool{a.onDevices, a.onOrders, a.onAccounts, a.onUsers, a.onTime} {
		if do(a.ctx, d, c, &got) {
			break
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers = append(a.answers, got)
	_, refusal := errors.AsType[*domain.Refusal](got.err)
	if got.err != nil && !refusal && !errors.Is(got.err, query.ErrNotFound) && !errors.Is(got.err, access.ErrForbidden) &&
		!errors.Is(got.err, eventlog.ErrBusy) && !errors.Is(got.err, query.ErrNotCaughtUp) {
		a.unexpected = append(a.unexpected, fmt.Sprintf("%+v: %v", d, got.err))
	}
}

func (got *answer) many(r command.BulkResult, err error) { got.bulk, got.err = &r, err }
func (got *answer) one(w command.Receipt, err error)     { got.written, got.err = &w, err }

func (a *arena) account(n int) uuid.UUID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.accounts[n%len(a.accounts)]
}

// pick is one of the things known so far, a zero one while there is none.
func pick[T any](a *arena, all *[]T, n int) (one T) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(*all) > 0 {
		one = (*all)[n%len(*all)]
	}
	return one
}

func keep[T any](a *arena, all *[]T, one T, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		*all = append(*all, one)
	}
}

// caller is the operator, or the administrator of an account.
func (d deed) caller(own uuid.UUID) access.Caller {
	if d.A%2 == 0 {
		return operatorFor(own)
	}
	return administratorOf(own)
}

func serial(n int) string { return router(n).SerialNumber }

func (a *arena) onDevices(ctx context.Context, d deed, c command.Command, got *answer) bool {
	owner, name := a.account(d.A), fmt.Sprintf("name %d", d.M%6)
	one := devices.LifeCycle{Command: c, Device: serial(d.N)}
	switch d.Kind {
	case "register":
		rows := []devices.Registration{router(d.N), router(d.M)}
		rows[0].Account = a.account(d.B)
		rows[0].Name, rows[0].IMEI = name, imei(d.N+d.A%2)
		got.many(a.Devices.Register(ctx, d.caller(owner), devices.Register{Command: c, Items: rows, Atomic: d.Flag}))
	case "edit":
		got.one(a.Devices.Edit(ctx, operator(), devices.Edit{Command: c, Device: one.Device, Name: &name, Labels: &[]string{name}}))
	case "suspend":
		got.one(a.Devices.Suspend(ctx, operator(), one))
	case "resume":
		got.one(a.Devices.Resume(ctx, operator(), one))
	case "retire":
		got.one(a.Devices.Retire(ctx, operator(), one))
	case "grant":
		r, err := a.Renewals.Grant(ctx, operator(), renewals.Grant{Command: c, Device: one.Device, Term: calendar.Months(12 * (1 + d.M%5))})
		got.one(r.Receipt(), err)
	case "ask":
		r, err := a.Devices.RequestRelease(ctx, administratorOf(owner), devices.RequestRelease{Command: c, SerialNumber: one.Device, IMEI: imei(d.N)})
		got.err = err
		keep(a, &a.requests, r.Request.Request, err)
	case "answer":
		_, got.err = a.Devices.AnswerRelease(ctx, operator(), pick(a, &a.requests, d.N), d.M%4 != 0, c)
	default:
		return false
	}
	return true
}

// between are the accounts of a transfer: mostly such as have a chance.
func (a *arena) between(d deed) (from, to uuid.UUID) {
	owner, north := a.device(serial(d.N)).Account, a.account(0)
	switch {
	case d.M%4 == 0:
		return a.account(d.A), a.account(d.B)
	case owner == north:
		return owner, a.account(2 + d.B%2)
	}
	return owner, north
}

func (a *arena) onOrders(ctx context.Context, d deed, c command.Command, got *answer) bool {
	from, to := a.between(d)
	serials := []string{serial(d.N), serial(d.M)}
	transfer := transfers.Transfer{Command: c, From: from, To: to, Devices: serials, Atomic: d.Flag}
	switch d.Kind {
	case "transfer":
		got.many(a.Transfers.Transfer(ctx, operator(), transfer))
		keep(a, &a.transfers, c.ID, got.err)
	case "plan":
		_, got.err = a.Transfers.Plan(ctx, operator(), transfer)
		keep(a, &a.plans, c.ID, got.err)
	case "commit":
		got.many(a.Transfers.Transfer(ctx, operator(), transfers.Transfer{Command: c, Plan: pick(a, &a.plans, d.N), Atomic: d.Flag}))
		keep(a, &a.transfers, c.ID, got.err)
	case "reverse transfer":
		got.many(a.Transfers.Reverse(ctx, operator(), transfers.Reverse{Command: c, Transfer: pick(a, &a.transfers, d.N), Atomic: d.Flag}))
	case "renew":
		order := renewals.Renew{Command: c, Devices: serials, Atomic: d.Flag}
		switch d.A % 3 {
		case 0:
			order.Term = calendar.Months(12 * (1 + d.B%5))
		case 1:
			order.Until = calendar.DateOf(a.clock.Now()).AddDays(100 * d.B)
		default:
			order.Align = device.Alignment{Kind: device.AlignLatest}
		}
		got.many(a.Renewals.Renew(ctx, operator(), order))
		keep(a, &a.renewals, c.ID, got.err)
	case "reverse renewal":
		c.Reason = "a mistake"
		got.many(a.Renewals.Reverse(ctx, operator(), renewals.Reverse{Command: c, Renewal: pick(a, &a.renewals, d.N), Atomic: d.Flag}))
	default:
		return false
	}
	return true
}

func (a *arena) onAccounts(ctx context.Context, d deed, c command.Command, got *answer) bool {
	uid, name := a.account(d.A), fmt.Sprintf("company %d", d.N%5)
	create := accounts.Create{Command: c, Name: name, Type: account.Standard}
	create.Administrator.Email = fmt.Sprintf("%d@x.example", d.M%6)
	if d.Flag {
		create.Type = account.Reseller
	}
	created := func(made command.Receipt, err error) {
		got.one(command.Receipt{UID: made.UID, Position: made.Position}, err)
		keep(a, &a.accounts, made.UID, err)
	}
	switch d.Kind {
	case "open":
		created(a.Accounts.Create(ctx, operator(), create))
	case "customer":
		created(a.Accounts.CreateCustomer(ctx, administratorOf(a.account(d.A%2)), create))
	case "activate":
		got.one(a.People.Activate(ctx, a.Tokens.Invitation(uid, 1+d.B%2), people.Activate{Command: c, Name: "Ada", Password: password}))
	case "invite again":
		got.one(a.Accounts.ResendInvitation(ctx, operator(), uid, c))
	case "close":
		got.one(a.Accounts.Close(ctx, operator(), accounts.Close{Command: c, Account: a.account(max(d.N, standing)), Confirm: true}))
	case "rename":
		got.one(a.Accounts.Edit(ctx, d.caller(uid), accounts.Edit{Command: c, Account: uid, Name: &name}))
	case "bill":
		billing := accounts.EditBilling{Mode: account.Direct, Contact: &account.Contact{Email: create.Administrator.Email, Name: "Bill"}}
		got.one(a.Accounts.Edit(ctx, operator(), accounts.Edit{Command: c, Account: uid, Billing: &billing}))
	case "profile":
		profile := []string{"read-only", "device-manager", "full"}[d.N%3]
		got.one(a.Partnerships.Assign(ctx, operator(), partnerships.Assign{
			Command: c, Reseller: a.account(d.B % 2), Customer: a.account(2 + d.A), Profile: profile,
		}))
	case "partner":
		partner := partnerships.Establish{Command: c, Reseller: a.account(d.B % 2), Customer: a.account(2 + d.A), Profile: "renewals"}
		if d.Flag {
			partner.Until = a.clock.Now().AddDate(0, 0, 20)
		}
		got.one(a.Partnerships.Establish(ctx, operator(), partner))
	case "end partnership":
		got.one(a.Partnerships.End(ctx, operator(), a.account(d.B%2), a.account(max(d.N, standing)), c))
	case "erase":
		got.one(a.People.Erase(ctx, operator(), a.world.account(a.account(max(d.N, 2))).Administrator.ID, c))
	default:
		return false
	}
	return true
}

func (a *arena) onUsers(ctx context.Context, d deed, c command.Command, got *answer) bool {
	known := pick(a, &a.users, d.N)
	known.Command = c
	yes := d.M%2 == 0
	switch d.Kind {
	case "invite":
		made, err := a.People.Invite(ctx, operator(), people.Invite{
			Command: c, Account: a.account(d.A), Email: fmt.Sprintf("%d@x.example", d.M%6), Profiles: []string{"renewals"}, Administrator: d.Flag,
		})
		got.one(made, err)
		keep(a, &a.users, people.UserCommand{Account: a.account(d.A), User: made.UID}, err)
	case "accept":
		got.one(a.People.Activate(ctx, a.Tokens.UserInvitation(known.User, 1+d.B%2), people.Activate{Command: c, Name: "Bo", Password: password}))
	case "edit user":
		got.one(a.People.Edit(ctx, operator(), people.Edit{UserCommand: known, Administrator: &yes, Profiles: &[]string{"full"}}))
	case "revoke":
		got.one(a.People.RevokeInvitation(ctx, operator(), known))
	case "resend":
		got.one(a.People.ResendInvitation(ctx, operator(), known))
	case "deactivate":
		got.one(a.People.Deactivate(ctx, operator(), known))
	case "reactivate":
		got.one(a.People.Reactivate(ctx, operator(), known))
	case "erase user":
		got.one(a.People.Erase(ctx, operator(), known.User, c))
	default:
		return false
	}
	return true
}

// onTime lets time leap, so that everything under way is taken for dead, and
// does what falls due.
func (a *arena) onTime(ctx context.Context, d deed, _ command.Command, got *answer) bool {
	leap := time.Duration(1+d.N) * 12 * time.Hour
	if d.Kind == "years" {
		leap = time.Duration(1+d.N) * 90 * 24 * time.Hour
	}
	a.clock.Advance(leap)
	got.err = a.Schedule.RunDue(ctx)
	return true
}
